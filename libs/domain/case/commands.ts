import type { Decimal, PlainDate, Uuid } from '#libs/kernel';
import type { FilingValues, Location, Registration } from '../filing.js';
import type { AbsorbedFiling, CaseAbsorbed, CaseOpening } from './events.js';

/**
 * `opening` opens the case in the same step when it does not exist yet (rules 3 and 4: an appeal or a first reference).
 * `expectedVersion` is the If-Match of the filing being changed: the id of its latest recorded version.
 */
export type CaseCommand =
  | { readonly type: 'OpenCase'; readonly opening: CaseOpening }
  | {
      readonly type: 'RecordFiling';
      readonly filingId: Uuid;
      readonly registration: Registration;
      readonly location: Location | undefined;
      readonly values: FilingValues;
      /** The operator that files for itself, or whose paper it is said to be; else it follows from the day of receipt. */
      readonly filedBy?: string;
      readonly opening?: CaseOpening;
      /** The operator has another living case of the place that `opening` names. */
      readonly twinCase?: boolean;
    }
  | {
      readonly type: 'RecordCommissioning';
      readonly entryId: Uuid;
      readonly registration: Registration;
      readonly location: Location | undefined;
      readonly commissionedOn: PlainDate;
      readonly expansionMw?: Decimal;
      readonly opening?: CaseOpening;
    }
  | { readonly type: 'WithdrawCommissioning'; readonly entryId: Uuid; readonly reason: string }
  | {
      readonly type: 'CorrectFiling' | 'CompleteFiling';
      readonly filingId: Uuid;
      /** The id of the version this makes. */
      readonly versionId: Uuid;
      readonly registration: Registration;
      readonly location: Location | undefined;
      readonly values: FilingValues;
      /** What becomes of values that are not given: a journal's correction states all of them anew. */
      readonly leftOut: 'kept' | 'cleared';
      /** Names of values that are no longer declared. */
      readonly cleared?: readonly string[];
      /** What it brings that is no value: an annex, a signature. */
      readonly brought?: readonly string[];
      readonly reason?: string;
      readonly expectedVersion?: Uuid;
    }
  | {
      readonly type: 'WithdrawFiling';
      readonly filingId: Uuid;
      readonly withdrawalId: Uuid;
      readonly registration: Registration;
      readonly reason?: string;
      /** The operator that withdraws itself. */
      readonly byOperator?: string;
      readonly expectedVersion?: Uuid;
    }
  | { readonly type: 'ProposeAnnulment'; readonly filingId: Uuid; readonly by: string; readonly reason: string }
  | { readonly type: 'ConfirmAnnulment'; readonly filingId: Uuid; readonly by: string }
  | {
      readonly type: 'MarkFilingIncomplete';
      readonly filingId: Uuid;
      readonly missing: readonly string[];
      readonly remark: string;
    }
  | {
      readonly type: 'RequestCompletion';
      readonly filingId: Uuid;
      readonly by: PlainDate;
      readonly text: string;
    }
  | {
      readonly type: 'AttachDocument';
      readonly filingId: Uuid;
      readonly sha256: string;
      readonly bytes: number;
      readonly mediaType: string;
      readonly name: string;
    }
  | {
      readonly type: 'ExcuseObligation';
      readonly obligationId: Uuid;
      readonly orderNo: string;
      readonly reason: string;
    }
  | {
      readonly type: 'TransferCase';
      readonly toBin: string;
      readonly effectiveOn: PlainDate;
      readonly reason: string;
    }
  | {
      readonly type: 'ChangeLocation';
      readonly to: Location;
      readonly effectiveOn: PlainDate;
      readonly reason: string;
    }
  | { readonly type: 'MergeCase'; readonly intoCaseId: Uuid; readonly reason: string }
  | {
      readonly type: 'AbsorbCase';
      readonly fromCaseId: Uuid;
      /** Whose that case is. */
      readonly operatorBin: string;
      readonly filings: readonly AbsorbedFiling[];
      readonly commissionings: CaseAbsorbed['data']['commissionings'];
    }
  | { readonly type: 'CloseCase'; readonly reason: string }
  | { readonly type: 'ReopenCase'; readonly reason: string }
  /** Looks at the duties again: opens what fell due to be opened, records misses, follows orders and calendars. */
  | { readonly type: 'AssessObligations' };
