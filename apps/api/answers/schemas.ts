import { clientRoles } from '#libs/identity';
import {
  alertAudiences,
  alertSituations,
  caseSituations,
  caseStages,
  displayStatuses,
  filingFlags,
  noticeSituations,
} from '../requests/query.request.js';
import { obligationKinds } from '../requests/order.request.js';

/** JSON Schema of what the routes answer with; the journey's test holds every answer against them. */
type Schema = { readonly [keyword: string]: unknown };

const text: Schema = { type: 'string' };
const id: Schema = { type: 'string', format: 'uuid' };
const day: Schema = { type: 'string', format: 'date' };
const instant: Schema = { type: 'string', format: 'date-time' };
const flag: Schema = { type: 'boolean' };
const count: Schema = { type: 'integer', minimum: 0 };
const megawatts: Schema = { type: 'string', pattern: '^[0-9]+([.][0-9]+)?$' };
const tenge: Schema = { type: 'string', pattern: '^[0-9]+$' };
const anything: Schema = { type: 'object', additionalProperties: true };
const oneOf = (values: readonly string[]): Schema => ({ type: 'string', enum: values });
const orNull = (schema: Schema): Schema =>
  typeof schema['type'] === 'string' && schema['enum'] === undefined
    ? { ...schema, type: [schema['type'], 'null'] }
    : { anyOf: [schema, { type: 'null' }] };
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** All of them are always there; what is not known is null. */
const record = (properties: { readonly [name: string]: Schema }, description?: string): Schema => ({
  type: 'object',
  ...(description ? { description } : {}),
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
/** As `record`, some members may be left out. */
const partly = (optional: readonly string[], schema: Schema): Schema => ({
  ...schema,
  required: (schema['required'] as readonly string[]).filter((name) => !optional.includes(name)),
});
const pageOf = (name: string): Schema =>
  record({
    items: listOf(ref(name)),
    next: { ...orNull(text), description: 'The `cursor` of the next page; null on the last.' },
  });

const channel = oneOf(['electronic', 'paper']);
const kind = oneOf(obligationKinds);
const period = orNull({ type: 'string', pattern: '^[0-9]{4}-Q[1-4]$' });
const location = record({ region: text, address: text });
const flags = listOf(oneOf(filingFlags));
const stage = oneOf(caseStages);
const wall = record({
  zone: text,
  date: day,
  time: { ...orNull(text), description: 'null: only the day of a paper stamp is known.' },
});

const keyAuthor: Schema = {
  ...orNull(text),
  description: 'An account id, `command-line` or `first-start`; null: nobody did, or it was not noted then.',
};

const caseFields = {
  caseId: id,
  caseRef: text,
  operatorBin: text,
  region: text,
  address: text,
  ruleSetId: text,
  stage,
  situation: oneOf(caseSituations),
  mergedInto: orNull(id),
  openedOn: day,
  powerMw: orNull(megawatts),
  expansionMw: orNull(megawatts),
  jobs: orNull(count),
  openObligations: count,
  missedObligations: count,
  nextDueOn: orNull(day),
  lastFilingOn: orNull(day),
  assignee: orNull(text),
};

const filingFields = {
  filingId: id,
  caseId: id,
  caseRef: text,
  operatorBin: text,
  kind,
  period,
  journalNo: text,
  channel,
  submittedAt: orNull(instant),
  receivedAt: instant,
  receivedOn: day,
  registeredOn: day,
  recordedAt: instant,
  region: text,
  address: text,
  powerMw: orNull(megawatts),
  expansionMw: orNull(megawatts),
  equipmentInvestmentKzt: orNull(tenge),
  investmentPotentialKzt: orNull(tenge),
  jobs: orNull(count),
  designStartOn: orNull(day),
  decidedOn: orNull(day),
  activityEndedOn: orNull(day),
  bankOnFile: flag,
  missing: listOf(text),
  flags,
  situation: oneOf(['standing', 'corrected', 'withdrawn', 'annulled']),
  currentVersionId: id,
  latestVersionId: id,
};

const noticeProgress = {
  situation: oneOf(noticeSituations),
  sentAt: orNull(instant),
  deliveredAt: orNull(instant),
  answeredAt: orNull(instant),
  theirNumber: orNull(text),
  theirDate: orNull(day),
  refusedBecause: orNull(text),
  supersededBy: orNull(id),
};

const notStated: Schema = { anyOf: [megawatts, { const: 'not stated' }] };
const obligationStatus = oneOf(['open', 'met', 'met_late', 'missed', 'undetermined', 'excused', 'void']);

export const answerSchemas: { readonly [name: string]: Schema } = {
  Problem: {
    ...partly(
      ['errors'],
      record(
        {
          type: { ...text, example: 'urn:qadaga:problem:invalid-request' },
          title: text,
          status: { type: 'integer', minimum: 400, maximum: 599 },
          detail: text,
          instance: text,
          correlationId: text,
          errors: listOf(
            record({
              pointer: { ...text, description: 'JSON pointer (RFC 6901) of the field at fault.', example: '/powerMw' },
              code: text,
              detail: text,
            }),
          ),
        },
        'RFC 9457',
      ),
    ),
  },

  Officers: record({ items: listOf(record({ accountId: id, role: text, label: text })), next: { type: 'null' } }),
  OperatorAnswer: record({ bin: text }),
  CaseOpenedAnswer: record({ caseId: id, caseRef: text }),
  CaseAnswer: record({ caseId: id }),
  MergedAnswer: record({ caseId: id, intoCaseId: id }),
  CommissioningAnswer: record({ caseId: id, entryId: id, journalNo: text }),
  NoteAnswer: record({ caseId: id, noteId: id }),
  FilingRef: record({ caseId: id, filingId: id }),
  ObligationRef: record({ caseId: id, obligationId: id }),
  NoticeRef: record({ noticeId: id }),
  IssuedNoticeRef: record({ noticeId: id, number: text }),
  AlertRef: record({ caseId: id, alertId: id }),
  OutageAnswer: record({ outageId: id }),
  CalendarRef: record({ calendarId: text, version: text }),
  BankDetails: record({ bankIban: text, bankBic: text }),
  DocumentAnswer: record({ filingId: id, sha256: text, bytes: count, mediaType: text, name: text }),
  TerminatedCentres: record({ journalNo: text, centres: listOf(record({ caseId: id, filingId: id })) }),
  FilingAnswer: record({
    filingId: id,
    documentId: id,
    versionId: id,
    caseId: id,
    caseRef: text,
    kind,
    journalNo: text,
    channel,
    receivedAt: instant,
    receivedOn: day,
    registeredOn: day,
    missing: listOf(text),
    flags,
    receipt: { ...text, description: 'Path of the receipt.' },
  }),
  ExtensionAnswer: record({ dryRun: { const: false }, orderId: id }),
  ExtensionDryRun: record({
    dryRun: { const: true },
    orderId: { type: 'null', description: 'Nothing was ordered.' },
    effects: listOf(
      record({
        caseId: id,
        caseRef: text,
        obligationId: id,
        period,
        from: day,
        to: day,
        rescindsMiss: flag,
      }),
    ),
    more: { ...flag, description: 'There are more than are listed.' },
  }),

  Case: partly(['assignee'], record(caseFields)),
  CasePage: pageOf('Case'),
  FilingItem: record(filingFields),
  FilingPage: pageOf('FilingItem'),
  Filing: record({
    ...filingFields,
    remark: orNull(text),
    completionRequest: orNull(anything),
    takenBack: orNull(anything),
    documents: listOf(record({ sha256: text, bytes: count, mediaType: text, name: text })),
    versions: listOf(anything),
    absorbedFrom: orNull(id),
  }),
  Obligation: record({
    obligationId: id,
    caseId: id,
    caseRef: text,
    operatorBin: text,
    region: text,
    kind,
    period,
    opensOn: day,
    nominalDueOn: orNull(day),
    dueOn: orNull(day),
    endsAt: orNull(instant),
    ruleSetId: text,
    status: { ...oneOf(displayStatuses), description: "As of today by the regulator's clock." },
    recordedStatus: obligationStatus,
    historical: flag,
    metByFilingId: orNull(id),
    metJournalNo: orNull(text),
    metReceivedOn: orNull(day),
    daysLate: orNull(count),
    missDetectedOn: orNull(day),
    missRescindedBecause: orNull(text),
    revisedBecause: orNull(text),
    excusedByOrder: orNull(text),
    excuseReason: orNull(text),
    excusedOn: orNull(day),
  }),
  ObligationPage: pageOf('Obligation'),
  DeadlineExplained: record({
    obligationId: id,
    kind,
    period,
    dueOn: orNull(day),
    endsAt: orNull(instant),
    status: oneOf(displayStatuses),
    words: { ...listOf(text), description: 'One sentence a line, in the order of the reasoning.' },
    trace: orNull(anything),
  }),
  Alert: partly(
    ['assignee'],
    record({
      alertId: id,
      caseId: id,
      caseRef: text,
      operatorBin: text,
      region: text,
      subjectKind: oneOf(['obligation', 'notice']),
      subjectId: id,
      step: text,
      passed: listOf(text),
      audience: listOf(oneOf(alertAudiences)),
      dueOn: day,
      raisedOn: day,
      raisedAt: instant,
      situation: oneOf(alertSituations),
      sendings: listOf(anything),
      failures: count,
      lastFailure: orNull(text),
      cancelledBecause: orNull(text),
      letter: {
        ...oneOf(['none', 'awaited', 'posted']),
        description: 'Whether a registrar has to write to the operator.',
      },
      letterPostedOn: orNull(day),
      letterNumber: orNull(text),
      assignee: { ...orNull(text), description: 'Whose the case was when an alert to officers was raised.' },
    }),
  ),
  AlertPage: pageOf('Alert'),
  Notice: record({
    noticeId: id,
    number: text,
    caseId: id,
    centreId: id,
    filingId: id,
    versionId: id,
    trigger: oneOf([...obligationKinds, 'correction']),
    legalBasis: text,
    stage,
    period,
    receivedOn: day,
    issuedOn: day,
    nominalDueOn: day,
    dueOn: day,
    endsAt: instant,
    region: text,
    address: text,
    powerMw: orNull(megawatts),
    expansionMw: orNull(megawatts),
    supersedes: orNull(id),
    channel: orNull(text),
    sentInTime: orNull(flag),
    attempts: count,
    lastFailure: orNull(text),
    breached: flag,
    breachDetectedOn: orNull(day),
    ...noticeProgress,
  }),
  NoticePage: pageOf('Notice'),
  NoticeDocument: record(
    {
      noticeId: id,
      number: text,
      issuedOn: day,
      legalBasis: text,
      deadline: record({ dueOn: day, endsAt: instant, zone: text, nominalOn: day }),
      stage,
      period,
      centreId: id,
      supersedes: orNull(record({ noticeId: id, number: orNull(text) })),
      checkpoint: record({ position: text, factHash: text }),
      contents: record({ location, powerMw: notStated, expansionMw: notStated }),
    },
    'The electronic document of rule 6: its contents are exactly the three the rule names.',
  ),
  InboxNotice: record({ ...noticeProgress, document: ref('NoticeDocument') }),
  InboxPage: record({
    items: listOf(ref('InboxNotice')),
    next: { ...text, description: 'Never null: ask with it as `cursor` for what came since.' },
    more: flag,
  }),
  Operator: record({
    bin: text,
    name: text,
    language: oneOf(['kk', 'ru', 'en']),
    hasContacts: flag,
    registeredAt: instant,
    changedAt: instant,
    cases: count,
  }),
  OperatorPage: pageOf('Operator'),
  TimelineEntry: record({
    factId: id,
    type: text,
    recordedAt: instant,
    legalOn: { ...day, description: 'The day that counts in law.' },
    actor: record({ kind: text, role: text, id: orNull(text), onBehalfOf: orNull(text) }),
    summary: anything,
  }),
  TimelinePage: pageOf('TimelineEntry'),
  Receipt: record({
    document: { const: 'receipt' },
    number: text,
    act: oneOf(['filing', 'correction', 'completion', 'withdrawal']),
    kind,
    period,
    filingId: id,
    versionId: id,
    caseId: id,
    caseRef: text,
    operatorBin: text,
    receiver: text,
    channel,
    submittedAt: orNull(instant),
    received: record({ at: instant, official: wall, local: orNull(wall) }),
    registeredOn: day,
    recordedAt: instant,
    missing: listOf(text),
    flags,
    obligation: orNull(
      record({ obligationId: id, status: obligationStatus, dueOn: orNull(day), daysLate: orNull(count) }),
    ),
    bank: orNull(record({ commitment: text, salt: { ...orNull(text), description: 'For the owner only.' } })),
    content: anything,
    contentHash: record({ algorithm: { const: 'SHA-256' }, form: { const: 'RFC 8785' }, value: text }),
  }),

  RuleSet: { ...anything, description: 'The edition of the Rules as the house reads it; see `why`.' },
  RuleSets: record({ defaultRuleSetId: text, items: listOf(ref('RuleSet')), next: { type: 'null' } }),
  Calendar: record({
    calendarId: text,
    version: text,
    weekend: listOf({ type: 'integer', minimum: 1, maximum: 7 }),
    covers: orNull(record({ from: day, to: day })),
    readFromDecrees: orNull(record({ from: day, to: day })),
    days: listOf(record({ date: day, kind: text, name: text, computed: flag })),
  }),
  Regions: record({ on: day, items: listOf(anything), next: { type: 'null' } }),
  Orders: record({ extensions: listOf(anything), outages: listOf(anything) }),
  ApiKey: record(
    {
      keyId: id,
      accountId: { ...id, description: 'What facts name as their actor. An account may have several keys.' },
      role: oneOf(clientRoles),
      operatorBin: { ...orNull(text), description: 'null: not an operator, or one that is bound later.' },
      label: text,
      createdAt: instant,
      issuedBy: keyAuthor,
      boundAt: { ...orNull(instant), description: 'null: it had its operator from the beginning, or has none.' },
      boundBy: keyAuthor,
      revokedAt: orNull(instant),
      revokedBy: keyAuthor,
      lastUsedOn: orNull(day),
    },
    'Everything but the key itself, of which only a hash is kept.',
  ),
  ApiKeyPage: pageOf('ApiKey'),
  IssuedApiKey: record({
    keyId: id,
    accountId: id,
    key: { ...text, description: 'Shown now and never again.', pattern: '^qdg_[a-z-]{1,30}_[A-Za-z0-9_-]{43}$' },
  }),
  RevokedApiKey: record({ keyId: id, accountId: id, revokedAt: instant, revokedBy: keyAuthor }),
  BoundAccount: record({ accountId: id, operatorBin: text }),

  System: record({
    now: instant,
    ruleSetId: text,
    ready: flag,
    checks: listOf(record({ name: text, ok: flag, detail: orNull(text) })),
    registers: listOf(record({ readModel: text, generation: { type: 'integer' }, behind: count, parked: count })),
    projectorActive: flag,
    parked: count,
    doctor: orNull(anything),
  }),
};
