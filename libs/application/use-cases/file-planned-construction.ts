import type { CaseState } from '#libs/domain';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';
import { recordFiling, type GivenValues, type RecordFilingInput } from './record-filing.js';

/** Rule 3: the appeal about planned construction; it opens the case of its centre when there is none. */
export type FilePlannedConstructionInput = RecordFilingInput & {
  readonly values: Extract<GivenValues, { kind: 'planned_construction' }>;
};

export class FilePlannedConstruction extends UseCase<FilePlannedConstructionInput, Done<CaseState>> {}
export const FilePlannedConstructionHandler = handlerOf(FilePlannedConstruction, recordFiling);
