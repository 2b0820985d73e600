import type { CaseState } from '#libs/domain';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';
import { recordFiling, type GivenValues, type RecordFilingInput } from './record-filing.js';

/** Rule 5: the reference that digital mining has ended at one centre. */
export type FileTerminationInput = RecordFilingInput & {
  readonly values: Extract<GivenValues, { kind: 'termination' }>;
};

export class FileTermination extends UseCase<FileTerminationInput, Done<CaseState>> {}
export const FileTerminationHandler = handlerOf(FileTermination, recordFiling);
