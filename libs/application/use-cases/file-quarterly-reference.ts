import type { CaseState } from '#libs/domain';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';
import { recordFiling, type GivenValues, type RecordFilingInput } from './record-filing.js';

/** Rule 4: the quarterly reference; for a centre that nobody had entered it opens the case. */
export type FileQuarterlyReferenceInput = RecordFilingInput & {
  readonly values: Extract<GivenValues, { kind: 'quarterly_reference' }>;
};

export class FileQuarterlyReference extends UseCase<FileQuarterlyReferenceInput, Done<CaseState>> {}
export const FileQuarterlyReferenceHandler = handlerOf(FileQuarterlyReference, recordFiling);
