import { explainDeadline, type Deadline } from '#libs/domain';
import type { DeliveredNotice } from '#libs/engine';
import type { KeyEntry } from '#libs/identity';
import type {
  AlertRow,
  CaseView,
  FilingRow,
  NoticeRow,
  ObligationView,
  OperatorView,
  Page,
  TimelineRow,
} from '#libs/read-models';

/** What lists answer with. */
export interface Items<T> {
  readonly items: readonly T[];
  /** The next page's `cursor`; null on the last page. */
  readonly next: string | null;
}

export const itemsOf = <Row, T>({ rows, next }: Page<Row>, view: (row: Row) => T): Items<T> => ({
  items: rows.map(view),
  next: next ?? null,
});

// Every view names its fields one by one: a column added to a row must not slip out to whoever may read the list.

export const caseView = (row: CaseView) => ({
  caseId: row.caseId,
  caseRef: row.caseRef,
  operatorBin: row.operatorBin,
  region: row.region,
  address: row.address,
  ruleSetId: row.ruleSetId,
  stage: row.stage,
  situation: row.situation,
  mergedInto: row.mergedInto,
  openedOn: row.openedOn,
  powerMw: row.powerMw,
  expansionMw: row.expansionMw,
  jobs: row.jobs,
  openObligations: row.openObligations,
  missedObligations: row.missedObligations,
  nextDueOn: row.nextDueOn,
  lastFilingOn: row.lastFilingOn,
});

/** With what concerns the work of the authority alone. */
export const caseViewForOfficers = (row: CaseView) => ({ ...caseView(row), assignee: row.assignee });

export const filingItem = (row: FilingRow) => ({
  filingId: row.filingId,
  caseId: row.caseId,
  caseRef: row.caseRef,
  operatorBin: row.operatorBin,
  kind: row.kind,
  period: row.period,
  journalNo: row.journalNo,
  channel: row.channel,
  submittedAt: row.submittedAt,
  receivedAt: row.receivedAt,
  receivedOn: row.receivedOn,
  registeredOn: row.registeredOn,
  recordedAt: row.recordedAt,
  region: row.region,
  address: row.address,
  powerMw: row.powerMw,
  expansionMw: row.expansionMw,
  equipmentInvestmentKzt: row.equipmentInvestmentKzt,
  investmentPotentialKzt: row.investmentPotentialKzt,
  jobs: row.jobs,
  designStartOn: row.designStartOn,
  decidedOn: row.decidedOn,
  activityEndedOn: row.activityEndedOn,
  bankOnFile: row.bankOnFile,
  missing: row.missing,
  flags: row.flags,
  situation: row.situation,
  currentVersionId: row.currentVersionId,
  latestVersionId: row.latestVersionId,
});

/** One filing with its whole history. */
export const filingView = (row: FilingRow) => ({
  ...filingItem(row),
  remark: row.remark,
  completionRequest: row.completionRequest,
  takenBack: row.takenBack,
  documents: row.documents,
  versions: row.versions,
  absorbedFrom: row.absorbedFrom,
});

/** Who of the authority took it back is not the operator's business. */
export const filingViewForOperators = (row: FilingRow) => ({
  ...filingView(row),
  takenBack: row.takenBack && withoutOfficers(row.takenBack),
});

export const obligationView = (row: ObligationView) => ({
  obligationId: row.obligationId,
  caseId: row.caseId,
  caseRef: row.caseRef,
  operatorBin: row.operatorBin,
  region: row.region,
  kind: row.kind,
  period: row.period,
  opensOn: row.opensOn,
  nominalDueOn: row.nominalDueOn,
  dueOn: row.dueOn,
  endsAt: row.endsAt,
  ruleSetId: row.ruleSetId,
  status: row.display,
  recordedStatus: row.status,
  historical: row.historical,
  metByFilingId: row.metByFilingId,
  metJournalNo: row.metJournalNo,
  metReceivedOn: row.metReceivedOn,
  daysLate: row.daysLate,
  missDetectedOn: row.missDetectedOn,
  missRescindedBecause: row.missRescindedBecause,
  revisedBecause: row.revisedBecause,
  excusedByOrder: row.excusedByOrder,
  excuseReason: row.excuseReason,
  excusedOn: row.excusedOn,
});

/** The trace in words a lawyer accepts, and as stored. */
export const deadlineView = (row: ObligationView) => ({
  obligationId: row.obligationId,
  kind: row.kind,
  period: row.period,
  dueOn: row.dueOn,
  endsAt: row.endsAt,
  status: row.display,
  words:
    row.trace === null
      ? ['The term cannot be determined: the day it hangs on was never stated.']
      : explainDeadline({ trace: row.trace } satisfies Pick<Deadline, 'trace'>),
  trace: row.trace,
});

export const alertView = (row: AlertRow) => ({
  alertId: row.alertId,
  caseId: row.caseId,
  caseRef: row.caseRef,
  operatorBin: row.operatorBin,
  region: row.region,
  subjectKind: row.subjectKind,
  subjectId: row.subjectId,
  step: row.step,
  passed: row.passed,
  audience: row.audience,
  dueOn: row.dueOn,
  raisedOn: row.raisedOn,
  raisedAt: row.raisedAt,
  situation: row.situation,
  sendings: row.sendings,
  failures: row.failures,
  lastFailure: row.lastFailure,
  cancelledBecause: row.cancelledBecause,
  letter: row.letter,
  letterPostedOn: row.letterPostedOn,
  letterNumber: row.letterNumber,
});

export const alertViewForOfficers = (row: AlertRow) => ({ ...alertView(row), assignee: row.assignee });

/** As officers see it, with what it was made from. */
export const noticeView = (row: NoticeRow) => ({
  noticeId: row.noticeId,
  number: row.number,
  caseId: row.caseId,
  centreId: row.centreId,
  filingId: row.filingId,
  versionId: row.versionId,
  trigger: row.trigger,
  legalBasis: row.legalBasis,
  stage: row.stage,
  period: row.period,
  receivedOn: row.receivedOn,
  issuedOn: row.issuedOn,
  nominalDueOn: row.nominalDueOn,
  dueOn: row.dueOn,
  endsAt: row.endsAt,
  region: row.region,
  address: row.address,
  powerMw: row.powerMw,
  expansionMw: row.expansionMw,
  situation: row.situation,
  supersedes: row.supersedes,
  supersededBy: row.supersededBy,
  channel: row.channel,
  sentAt: row.sentAt,
  sentInTime: row.sentInTime,
  deliveredAt: row.deliveredAt,
  answeredAt: row.answeredAt,
  theirNumber: row.theirNumber,
  theirDate: row.theirDate,
  refusedBecause: row.refusedBecause,
  attempts: row.attempts,
  lastFailure: row.lastFailure,
  breached: row.breached,
  breachDetectedOn: row.breachDetectedOn,
});

/** As the energy body sees it: the document of rule 6 and how far it has come, nothing else. */
export const inboxView = (row: NoticeRow, document: DeliveredNotice) => ({
  situation: row.situation,
  sentAt: row.sentAt,
  deliveredAt: row.deliveredAt,
  answeredAt: row.answeredAt,
  theirNumber: row.theirNumber,
  theirDate: row.theirDate,
  refusedBecause: row.refusedBecause,
  supersededBy: row.supersededBy,
  document,
});

export const operatorView = (row: OperatorView) => ({
  bin: row.bin,
  name: row.name,
  language: row.language,
  hasContacts: row.hasContacts,
  registeredAt: row.registeredAt,
  changedAt: row.changedAt,
  cases: row.cases,
});

export const timelineView = (row: TimelineRow) => ({
  factId: row.factId,
  type: row.type,
  recordedAt: row.recordedAt,
  legalOn: row.legalOn,
  actor: { kind: row.actorKind, role: row.actorRole, id: row.actorId, onBehalfOf: row.onBehalfOf },
  summary: row.summary,
});

/** Who of the authority did it is not the operator's business; that the authority did is. */
export const timelineViewForOperators = (row: TimelineRow) => ({
  ...timelineView(row),
  actor: {
    kind: row.actorKind,
    role: row.actorRole,
    id: row.actorRole === 'operator' ? row.actorId : null,
    onBehalfOf: null,
  },
  summary: withoutOfficers(row.summary),
});

/** What says of an annulment who proposed and confirmed it: accounts of officers. */
function withoutOfficers<Told extends object>(told: Told): Omit<Told, 'proposedBy' | 'confirmedBy'> {
  const {
    proposedBy: _proposed,
    confirmedBy: _confirmed,
    ...rest
  } = told as Told & {
    readonly proposedBy?: unknown;
    readonly confirmedBy?: unknown;
  };
  return rest;
}

export const apiKeyView = (entry: KeyEntry) => ({
  keyId: entry.keyId,
  accountId: entry.accountId,
  role: entry.role,
  operatorBin: entry.operatorBin,
  label: entry.label,
  createdAt: entry.createdAt,
  issuedBy: entry.issuedBy,
  boundAt: entry.boundAt,
  boundBy: entry.boundBy,
  revokedAt: entry.revokedAt,
  revokedBy: entry.revokedBy,
  lastUsedOn: entry.lastUsedOn,
});
