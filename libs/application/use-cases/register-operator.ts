import { canonicalJson, type Rejection } from '#libs/kernel';
import { operatorDecider, operatorStream, type Language, type OperatorState } from '#libs/domain';
import type { House } from '../house.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';

export interface OperatorInput {
  readonly bin: string;
  readonly name: string;
  readonly language: Language;
  /** Sealed before anything is written. None: alerts go to the registrar's letter list. */
  readonly contacts?: { readonly emails: readonly string[]; readonly phones: readonly string[] };
}

const perform =
  (type: 'RegisterOperator' | 'ChangeOperator') =>
  async (house: House, input: OperatorInput, request: Request): Promise<Done<OperatorState> | Rejection> => {
    const { bin, name, language, contacts } = input;
    const empty = !contacts || (contacts.emails.length === 0 && contacts.phones.length === 0);
    const sealed = empty ? null : await house.sealer.seal(bin, canonicalJson(contacts));
    return house.writePath.execute({
      decider: operatorDecider,
      stream: operatorStream(bin),
      command: { type, details: { bin, name, language, contacts: sealed } },
      request,
      context: () => ({}),
    });
  };

export const registerOperator = perform('RegisterOperator');

export class RegisterOperator extends UseCase<OperatorInput, Done<OperatorState>> {}
export const RegisterOperatorHandler = handlerOf(RegisterOperator, registerOperator);
export class ChangeOperator extends UseCase<OperatorInput, Done<OperatorState>> {}
export const ChangeOperatorHandler = handlerOf(ChangeOperator, perform('ChangeOperator'));
