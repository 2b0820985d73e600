import type { Event, Uuid } from '#libs/kernel';
import type { Done } from '#libs/application';
import {
  latestRecordedVersion,
  type CaseState,
  type FilingFlag,
  type FilingKind,
  type Registration,
} from '#libs/domain';

/** What a sender of a document gets back at once; the receipt says more. */
export interface FilingAnswer {
  readonly filingId: Uuid;
  /** The document itself: the filing's own id for the first one, else that of the correction, completion or withdrawal. */
  readonly documentId: Uuid;
  /** The version of the filing's values that is now the latest; the ETag. */
  readonly versionId: Uuid;
  readonly caseId: Uuid;
  readonly caseRef: string;
  readonly kind: FilingKind;
  readonly journalNo: string;
  readonly channel: Registration['channel'];
  readonly receivedAt: string;
  readonly receivedOn: string;
  readonly registeredOn: string;
  readonly missing: readonly string[];
  readonly flags: readonly FilingFlag[];
  readonly receipt: string;
}

export interface DocumentData {
  readonly caseId: Uuid;
  readonly filingId: Uuid;
  readonly registration: Registration;
  readonly missing?: readonly string[];
  readonly flags?: readonly FilingFlag[];
  readonly correctionId?: Uuid;
  readonly completionId?: Uuid;
  readonly withdrawalId?: Uuid;
}

export const documentFacts = new Set([
  'PlannedConstructionFiled',
  'QuarterlyReferenceFiled',
  'TerminationFiled',
  'FilingCorrected',
  'FilingCompleted',
  'FilingWithdrawn',
]);

export const documentIdOf = (
  data: Pick<DocumentData, 'filingId' | 'correctionId' | 'completionId' | 'withdrawalId'>,
): Uuid => data.correctionId ?? data.completionId ?? data.withdrawalId ?? data.filingId;

/**
 * From the facts of the command and from what never changes in a case, so that a repeat gets the answer of the first
 * time however much has happened since.
 */
export function filingAnswer(done: Done<CaseState>): FilingAnswer {
  const fact = done.facts.find(({ type }) => documentFacts.has(type)) as Event<string, DocumentData> | undefined;
  if (!fact || done.state.situation === 'none') throw new Error('a document was recorded and left no fact');
  const { caseId, filingId, registration, missing = [], flags = [] } = fact.data;
  const { journalNo, channel, receivedAt, receivedOn, registeredOn } = registration;
  const { file } = done.state;
  const filing = file.filings.get(filingId);
  if (!filing) throw new Error('a document was recorded and is not in its case');
  const documentId = documentIdOf(fact.data);
  return {
    filingId,
    documentId,
    // A withdrawn filing is changed no more, so the version it was withdrawn at stays the latest.
    versionId: fact.data.withdrawalId === undefined ? documentId : latestRecordedVersion(filing).versionId,
    caseId,
    caseRef: file.caseRef,
    kind: filing.kind,
    journalNo,
    channel,
    receivedAt,
    receivedOn,
    registeredOn,
    missing,
    flags,
    receipt: `/api/v1/filings/${filingId}/receipt?document=${documentId}`,
  };
}
