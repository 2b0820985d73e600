import { Controller, Get, Inject, StreamableFile } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeController } from '@nestjs/swagger';
import { briefly, type HealthAnswer } from '#libs/platform';
import { Ask, Exchange } from '../exchange.js';
import { notFound } from '../faults.js';
import { API_PARTS, type ApiParts } from '../parts.js';
import { Question, type RouteDoor } from '../routing.js';

@Controller('api/v1/system')
export class SystemController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiParts) {}

  @Question('', {
    action: 'read-system',
    summary: 'How the system is: lag of the registers, parked facts, rule sets, what the doctor finds',
    answer: 'System',
    tag: 'system',
  })
  async system() {
    const { readModels, house, health, doctor } = this.parts;
    const [lag, parked, readiness, more] = await Promise.all([
      readModels.lag(),
      readModels.listParked(),
      health.readiness(),
      doctor?.(),
    ]);
    return {
      now: house.clock.now(),
      ruleSetId: house.lawBook.defaultRuleSetId,
      ready: readiness.ok,
      checks: briefly(readiness).checks.map(({ name, ok, detail = null }) => ({ name, ok, detail })),
      registers: lag.readModels.map(({ readModel, generation, behind, parked: held }) => ({
        readModel,
        generation,
        behind,
        parked: held,
      })),
      projectorActive: lag.projectorActive,
      parked: parked.length,
      doctor: more ?? null,
    };
  }
}

const scraped: RouteDoor = { action: 'read-system', scraped: true };

/** For Prometheus: with the key of an administrator or auditor, or the token that is configured for it. */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiParts) {}

  @RouteConfig(scraped)
  @Get()
  async metrics() {
    const { metrics } = this.parts;
    if (!metrics) throw notFound('page');
    return new StreamableFile(Buffer.from(await metrics.text()), { type: metrics.contentType });
  }
}

const open: RouteDoor = { open: true };

/** For whatever watches the process. Details are for `/system`: these two are open to everybody. */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiParts) {}

  @RouteConfig(open)
  @Get('live')
  async live(@Ask() exchange: Exchange) {
    return answered(exchange, await this.parts.health.liveness());
  }

  @RouteConfig(open)
  @Get('ready')
  async ready(@Ask() exchange: Exchange) {
    return answered(exchange, await this.parts.health.readiness());
  }
}

function answered(exchange: Exchange, answer: HealthAnswer) {
  if (!answer.ok) exchange.answerStatus(503);
  return briefly(answer);
}
