import type { NewFact, PlainDate, Quarter, Uuid } from '#libs/kernel';
import type { Deadline, ObligationKind } from '../deadline/index.js';
import type {
  FilingFlag,
  FilingKind,
  FilingVersion,
  Location,
  PlannedConstructionValues,
  QuarterlyReferenceValues,
  Registration,
  TerminationValues,
} from '../filing.js';
import type { Decimal } from '#libs/kernel';

export interface CaseOpening {
  readonly caseId: Uuid;
  readonly caseRef: string;
  readonly operatorBin: string;
  readonly location: Location;
}

/** Where the centre is. `locationFromCase`: the document named no place, this is where the case stood. */
interface Located {
  readonly location: Location;
  readonly locationFromCase?: true;
}

/** `operatorBin`: whose document it is when that was not whose case it was at the time of recording. */
interface Filer {
  readonly operatorBin?: string;
}

interface Filed<Values> extends Located, Filer {
  readonly caseId: Uuid;
  readonly filingId: Uuid;
  readonly registration: Registration;
  readonly values: Values;
  /** Needed values the document lacks (rules 3 to 5). */
  readonly missing: readonly string[];
  readonly flags: readonly FilingFlag[];
}

export type CaseOpened = NewFact<
  'CaseOpened',
  CaseOpening & { readonly ruleSet: { readonly id: string; readonly hash: string }; readonly openedOn: PlainDate }
>;
export type PlannedConstructionFiled = NewFact<'PlannedConstructionFiled', Filed<PlannedConstructionValues>>;
export type QuarterlyReferenceFiled = NewFact<'QuarterlyReferenceFiled', Filed<QuarterlyReferenceValues>>;
export type TerminationFiled = NewFact<'TerminationFiled', Filed<TerminationValues>>;
export type DataCenterCommissioned = NewFact<
  'DataCenterCommissioned',
  Located & {
    readonly caseId: Uuid;
    readonly entryId: Uuid;
    readonly registration: Registration;
    readonly commissionedOn: PlainDate;
    readonly expansionMw?: Decimal;
  }
>;
/** The entry was a mistake of the authority's own: from then on it never was, and what hung on it is judged anew. */
export type CommissioningWithdrawn = NewFact<
  'CommissioningWithdrawn',
  {
    readonly caseId: Uuid;
    readonly entryId: Uuid;
    /** As the entry had it. */
    readonly commissionedOn: PlainDate;
    readonly reason: string;
  }
>;
export type FilingCorrected = NewFact<
  'FilingCorrected',
  Filer & {
    readonly caseId: Uuid;
    readonly filingId: Uuid;
    readonly correctionId: Uuid;
    readonly registration: Registration;
    readonly location: Location;
    readonly values: PlannedConstructionValues | QuarterlyReferenceValues | TerminationValues;
    /** Names of what the document says itself, `location` among them; without it: all. The rest of `values` is for readers. */
    readonly stated?: readonly string[];
    /** Since when the place that it states counts for the case: the day the filing itself came. */
    readonly placedOn?: PlainDate;
    /** What it brings that is no value: an annex, a signature. */
    readonly brought?: readonly string[];
    /** The names of the values that differ from those of the version received before it. */
    readonly changed: readonly string[];
    /** Needed values that the filing lacks now, and what an officer found missing and nobody gave since. */
    readonly missing: readonly string[];
    readonly reason?: string;
  }
>;
export type FilingWithdrawn = NewFact<
  'FilingWithdrawn',
  Filer & {
    readonly caseId: Uuid;
    readonly filingId: Uuid;
    readonly withdrawalId: Uuid;
    readonly registration: Registration;
    readonly reason?: string;
  }
>;
export type FilingAnnulmentProposed = NewFact<
  'FilingAnnulmentProposed',
  { readonly caseId: Uuid; readonly filingId: Uuid; readonly proposedBy: string; readonly reason: string }
>;
export type FilingAnnulled = NewFact<
  'FilingAnnulled',
  {
    readonly caseId: Uuid;
    readonly filingId: Uuid;
    readonly proposedBy: string;
    readonly confirmedBy: string;
    readonly annulledOn: PlainDate;
    readonly reason: string;
  }
>;
export type FilingMarkedIncomplete = NewFact<
  'FilingMarkedIncomplete',
  { readonly caseId: Uuid; readonly filingId: Uuid; readonly missing: readonly string[]; readonly remark: string }
>;
export type CompletionRequested = NewFact<
  'CompletionRequested',
  {
    readonly caseId: Uuid;
    readonly filingId: Uuid;
    readonly missing: readonly string[];
    readonly by: PlainDate;
    readonly text: string;
  }
>;
export type FilingCompleted = NewFact<
  'FilingCompleted',
  Filer & {
    readonly caseId: Uuid;
    readonly filingId: Uuid;
    readonly completionId: Uuid;
    readonly registration: Registration;
    readonly location: Location;
    readonly values: PlannedConstructionValues | QuarterlyReferenceValues | TerminationValues;
    readonly stated?: readonly string[];
    readonly placedOn?: PlainDate;
    readonly brought?: readonly string[];
    readonly changed: readonly string[];
    readonly missing: readonly string[];
  }
>;
export type DocumentAttached = NewFact<
  'DocumentAttached',
  {
    readonly caseId: Uuid;
    readonly filingId: Uuid;
    /** hex; the content's address in the document store. */
    readonly sha256: string;
    readonly bytes: number;
    readonly mediaType: string;
    readonly name: string;
  }
>;

interface ObligationRef {
  readonly caseId: Uuid;
  readonly obligationId: Uuid;
}
export type ObligationOpened = NewFact<
  'ObligationOpened',
  ObligationRef & {
    readonly kind: ObligationKind;
    readonly period?: Quarter;
    /** The first day of the term. */
    readonly opensOn: PlainDate;
    /** null: cannot be determined (rule 3 without a start of design). */
    readonly deadline: Deadline | null;
    /** The day the obligation was learned of, by the regulator's clock. */
    readonly learnedOn: PlainDate;
    /** From an import of history: nothing is alerted for what lies before. */
    readonly historical: boolean;
  }
>;
export type ObligationMet = NewFact<
  'ObligationMet',
  ObligationRef & {
    readonly filingId: Uuid;
    readonly journalNo: string;
    readonly receivedOn: PlainDate;
    readonly late: boolean | null;
    /** Calendar days from the due date to the day of receipt; 0 in time, null when it cannot be determined. */
    readonly daysLate: number | null;
  }
>;
export type ObligationMissed = NewFact<
  'ObligationMissed',
  ObligationRef & { readonly dueOn: PlainDate; readonly detectedOn: PlainDate; readonly historical: boolean }
>;
export type MissRescinded = NewFact<
  'MissRescinded',
  ObligationRef & { readonly because: 'filing-received-in-time' | 'deadline-revised' | 'duty-void' }
>;
export type ObligationReopened = NewFact<
  'ObligationReopened',
  ObligationRef & { readonly because: 'filing-taken-back' | 'duty-arose-again' }
>;
export type DeadlineRevised = NewFact<
  'DeadlineRevised',
  ObligationRef & {
    readonly deadline: Deadline | null;
    /** The last two: the order that had moved the day does not reach what was received before it, or where the centre is. */
    readonly because:
      'value-corrected' | 'calendar-corrected' | 'term-extended' | 'outage' | 'received-before-order' | 'place-changed';
  }
>;
export type ObligationVoided = NewFact<
  'ObligationVoided',
  ObligationRef & { readonly because: 'duty-never-arose' | 'case-merged' }
>;
export type ObligationExcused = NewFact<
  'ObligationExcused',
  ObligationRef & { readonly orderNo: string; readonly reason: string; readonly excusedOn: PlainDate }
>;

export type CaseTransferred = NewFact<
  'CaseTransferred',
  {
    readonly caseId: Uuid;
    readonly fromBin: string;
    readonly toBin: string;
    readonly effectiveOn: PlainDate;
    readonly reason: string;
  }
>;
export type CaseLocationChanged = NewFact<
  'CaseLocationChanged',
  {
    readonly caseId: Uuid;
    readonly from: Location;
    readonly to: Location;
    readonly effectiveOn: PlainDate;
    readonly reason: string;
  }
>;
/** In the stream of the case that was opened twice: it ends here and goes on in `intoCaseId`. */
export type CaseMerged = NewFact<
  'CaseMerged',
  { readonly caseId: Uuid; readonly intoCaseId: Uuid; readonly reason: string }
>;
/** Whose a case was, until the day the next one's time began. */
export interface FormerOperator {
  readonly bin: string;
  readonly until: PlainDate;
}
/** In the stream of the case that stays: what the duplicate held, so that its duties are judged with it. */
export type CaseAbsorbed = NewFact<
  'CaseAbsorbed',
  {
    readonly caseId: Uuid;
    readonly fromCaseId: Uuid;
    readonly filings: readonly AbsorbedFiling[];
    readonly commissionings: readonly {
      readonly entryId?: Uuid;
      readonly commissionedOn: PlainDate;
      readonly expansionMw?: Decimal;
      readonly registration: Registration;
    }[];
  }
>;
export interface AbsorbedFiling {
  readonly filingId: Uuid;
  readonly kind: FilingKind;
  /** Whose document it is; without it the operator's of the case it is carried into. */
  readonly filedBy?: string;
  readonly versions: readonly FilingVersion[];
  readonly takenBack?: { readonly receivedOn: PlainDate; readonly how: 'withdrawn' | 'annulled' };
}
export type CaseClosed = NewFact<'CaseClosed', { readonly caseId: Uuid; readonly reason: string }>;
export type CaseReopened = NewFact<'CaseReopened', { readonly caseId: Uuid; readonly reason: string }>;

export type CaseEvent =
  | CaseOpened
  | PlannedConstructionFiled
  | QuarterlyReferenceFiled
  | TerminationFiled
  | DataCenterCommissioned
  | CommissioningWithdrawn
  | FilingCorrected
  | FilingWithdrawn
  | FilingAnnulmentProposed
  | FilingAnnulled
  | FilingMarkedIncomplete
  | CompletionRequested
  | FilingCompleted
  | DocumentAttached
  | ObligationOpened
  | ObligationMet
  | ObligationMissed
  | MissRescinded
  | ObligationReopened
  | DeadlineRevised
  | ObligationVoided
  | ObligationExcused
  | CaseTransferred
  | CaseLocationChanged
  | CaseMerged
  | CaseAbsorbed
  | CaseClosed
  | CaseReopened;
