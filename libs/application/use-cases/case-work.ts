import { dayAt, derivedId, reject, type PlainDate, type Rejection, type Uuid } from '#libs/kernel';
import {
  caseDecider,
  caseStream,
  caseWorkDecider,
  caseWorkStream,
  type CaseWorkCommand,
  type CaseWorkState,
} from '#libs/domain';
import type { House } from '../house.js';
import { rulesOfCase } from '../on-case.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';

/** One command in the work stream of a case that exists. */
export async function onCaseWork(
  house: House,
  caseId: Uuid,
  command: CaseWorkCommand,
  request: Request,
): Promise<Done<CaseWorkState> | Rejection> {
  const loaded = await house.writePath.load(caseStream(caseId), caseDecider);
  if (loaded.state.situation === 'none') return reject('not-found', 'case-unknown', 'there is no such case');
  return house.writePath.execute({
    decider: caseWorkDecider,
    stream: caseWorkStream(caseId),
    command,
    request,
    context: () => ({ caseId }),
  });
}

export interface AssignCaseInput {
  readonly caseId: Uuid;
  /** An account id; null takes the case from whoever has it. */
  readonly assignee: string | null;
  readonly reason?: string;
  /** Whether cases can be given to that account now. */
  readonly isOfficer?: boolean;
}
export class AssignCase extends UseCase<AssignCaseInput, Done<CaseWorkState>> {}
export const AssignCaseHandler = handlerOf(AssignCase, (house, { caseId, ...rest }: AssignCaseInput, request) =>
  onCaseWork(house, caseId, { type: 'AssignCase', ...rest }, request),
);

export interface RecordLetterInput {
  readonly caseId: Uuid;
  readonly alertId: Uuid;
  readonly postedOn: PlainDate;
  readonly number?: string;
}
/** A registrar wrote to who cannot be reached by mail: its alert leaves the letter list. */
export class RecordLetter extends UseCase<RecordLetterInput, Done<CaseWorkState>> {}
export const RecordLetterHandler = handlerOf(RecordLetter, async (house, input: RecordLetterInput, request) => {
  const { caseId, ...letter } = input;
  const { zone } = await rulesOfCase(house, caseId);
  const enteredOn = dayAt(request.arrivedAt, zone);
  return onCaseWork(house, caseId, { type: 'RecordLetter', ...letter, enteredOn }, request);
});

export interface AddNoteInput {
  readonly caseId: Uuid;
  readonly text: string;
}
export class AddNote extends UseCase<AddNoteInput, Done<CaseWorkState>> {}
export const AddNoteHandler = handlerOf(AddNote, (house, { caseId, text }: AddNoteInput, request) =>
  onCaseWork(house, caseId, { type: 'AddNote', noteId: derivedId(request.commandId, 'note'), text }, request),
);
