import { Inject, type Type } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Rejection } from '#libs/kernel';
import { HOUSE, type House } from './house.js';
import { orThrow } from './on-case.js';
import type { Request } from './request.js';

/** What goes over the command bus: the input of one use case and the request around it. */
export abstract class UseCase<Input, Answer> extends Command<Answer> {
  constructor(
    readonly input: Input,
    readonly request: Request,
  ) {
    super();
  }
}

export type Perform<Input, Answer> = (house: House, input: Input, request: Request) => Promise<Answer | Rejection>;

/** The bus's face of a use case; a rejection leaves as a RejectedError. */
export function handlerOf<Input, Answer>(
  useCase: Type<UseCase<Input, Answer>>,
  perform: Perform<Input, Answer>,
): Type<ICommandHandler<UseCase<Input, Answer>>> {
  @CommandHandler(useCase)
  class Handler implements ICommandHandler<UseCase<Input, Answer>> {
    constructor(@Inject(HOUSE) private readonly house: House) {}

    async execute({ input, request }: UseCase<Input, Answer>) {
      return orThrow(await perform(this.house, input, request));
    }
  }
  Object.defineProperty(Handler, 'name', { value: `${useCase.name}Handler` });
  return Handler;
}
