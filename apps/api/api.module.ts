import { Module, type DynamicModule } from '@nestjs/common';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { HOUSE, useCaseHandlers } from '#libs/application';
import { Commands } from './commands.js';
import { DocsController } from './docs/docs.controller.js';
import { Law } from './law.js';
import { Lookups } from './lookups.js';
import { Officers } from './officers.js';
import { API_PARTS, type ApiParts } from './parts.js';
import { QueuesController } from './queues/queues.controller.js';
import { Questions } from './questions.js';
import { ApiKeysController } from './routes/api-keys.controller.js';
import { AlertsController } from './routes/alerts.controller.js';
import { CasesController } from './routes/cases.controller.js';
import { DocumentsController } from './routes/documents.controller.js';
import { FilingChangesController } from './routes/filing-changes.controller.js';
import { FilingsController } from './routes/filings.controller.js';
import { LawController } from './routes/law.controller.js';
import { NoticesController } from './routes/notices.controller.js';
import { OfficersController } from './routes/officers.controller.js';
import { OperatorsController } from './routes/operators.controller.js';
import { OrdersController } from './routes/orders.controller.js';
import { ReceiptsController } from './routes/receipts.controller.js';
import { RegistersController } from './routes/registers.controller.js';
import { HealthController, MetricsController, SystemController } from './routes/system.controller.js';

export const apiControllers = [
  OperatorsController,
  CasesController,
  OfficersController,
  FilingsController,
  FilingChangesController,
  ReceiptsController,
  DocumentsController,
  RegistersController,
  AlertsController,
  OrdersController,
  NoticesController,
  LawController,
  ApiKeysController,
  SystemController,
  MetricsController,
  HealthController,
  DocsController,
  QueuesController,
];

/** The HTTP interface around a house that somebody else opened and will close. */
@Module({})
export class ApiModule {
  static register(parts: ApiParts): DynamicModule {
    const { house, identity, readModels, requestHash, observe } = parts;
    const questions = new Questions(readModels, house);
    return {
      module: ApiModule,
      imports: [CqrsModule.forRoot()],
      controllers: apiControllers,
      providers: [
        { provide: API_PARTS, useValue: parts },
        { provide: HOUSE, useValue: house },
        { provide: Questions, useValue: questions },
        { provide: Lookups, useValue: new Lookups(house, questions) },
        { provide: Officers, useValue: new Officers(identity) },
        { provide: Law, useValue: new Law(house.lawBook) },
        {
          provide: Commands,
          useFactory: (bus: CommandBus) => new Commands(bus, requestHash, observe),
          inject: [CommandBus],
        },
        ...useCaseHandlers,
      ],
      exports: [Commands, Questions, Lookups],
    };
  }
}
