import { decimal, plainDate, startOfDay } from '#libs/kernel';
import {
  cast,
  createStory,
  day,
  deadline,
  fileReference,
  id,
  openCase,
  openObligation,
  place,
  registration,
  rowsAfter,
  rules,
  zone,
  type Story,
} from '../testing.js';
import { caseOverviewProjection } from './projection.js';
import { caseOverviewTable } from './row.js';

const one = cast(1);
const { caseId } = one;
const overview = (story: Story) =>
  rowsAfter(caseOverviewProjection({ rules, zone }), caseOverviewTable, story.facts)[0]!;
const opening = (on: string) => startOfDay(plainDate(on), zone);

function opened(): Story {
  const story = createStory();
  openCase(story, one);
  return story;
}

const appeal = (story: Story, powerMw: string, expansionMw: string, receivedAt = '2021-01-10T05:00:00.000Z') => {
  const filingId = id(`appeal ${receivedAt}`);
  story.tell('PlannedConstructionFiled', {
    caseId,
    filingId,
    registration: registration(`A-${receivedAt}`, receivedAt),
    location: place(),
    values: { powerMw: decimal(powerMw), expansionMw: decimal(expansionMw) },
    missing: ['equipmentInvestmentKzt', 'bank'],
    flags: [],
  });
  return filingId;
};

const commission = (story: Story, on: string, expansionMw?: string) =>
  story.tell('DataCenterCommissioned', {
    caseId,
    entryId: id('entry'),
    registration: registration('C-1', `${on}T05:00:00.000Z`),
    location: place(),
    commissionedOn: day(on),
    ...(expansionMw === undefined ? {} : { expansionMw: decimal(expansionMw) }),
  });

const terminate = (story: Story, endedOn: string) => {
  const filingId = id(`termination ${endedOn}`);
  story.tell('TerminationFiled', {
    caseId,
    filingId,
    registration: registration('T-1', `${endedOn}T05:00:00.000Z`),
    location: place(),
    values: { activityEndedOn: day(endedOn) },
    missing: [],
    flags: [],
  });
  return filingId;
};

describe('the case overview', () => {
  it('begins as a planned, active case for which nothing is to be opened', () => {
    expect(overview(opened())).toMatchObject({
      caseId,
      caseRef: one.ref,
      operatorBin: one.bin,
      region: '55',
      stage: 'planned',
      situation: 'active',
      ruleSetId: 'sample',
      powerMw: null,
      openObligations: 0,
      nextDueOn: null,
      lastFilingOn: null,
      nextStepAt: null,
    });
  });

  it('shows what was planned, with the filing that says so', () => {
    const story = opened();
    const filingId = appeal(story, '7.90', '20');
    expect(overview(story)).toMatchObject({
      stage: 'planned',
      powerMw: '7.90',
      powerFilingId: filingId,
      expansionMw: '20',
      expansionFilingId: filingId,
      lastFilingOn: '2021-01-10',
      nextStepAt: null,
    });
  });

  it('exists from its first reference on, and waits for the next quarter to open', () => {
    const story = opened();
    appeal(story, '7.90', '20');
    const filingId = fileReference(story, one, '2021-Q1', '2021-04-05T05:00:00.000Z', { powerMw: '5', jobs: 9 });
    expect(overview(story)).toMatchObject({
      stage: 'existing',
      powerMw: '5',
      powerFilingId: filingId,
      expansionMw: '20',
      jobs: 9,
      jobsFilingId: filingId,
      lastFilingOn: '2021-04-05',
      nextStepAt: opening('2021-04-01'),
    });
    openObligation(story, one, '2021-Q1', '2021-04-01', '2021-04-12');
    expect(overview(story).nextStepAt).toBe(opening('2021-07-01'));
  });

  it('exists from its commissioning on; the first quarter opens after it ended', () => {
    const story = opened();
    commission(story, '2021-02-03', '33');
    expect(overview(story)).toMatchObject({
      stage: 'existing',
      expansionMw: '33',
      expansionFilingId: null,
      nextStepAt: opening('2021-04-01'),
    });
  });

  it('waits for no quarter before the first one of the rule set, and for none after the rules ended', () => {
    const early = opened();
    commission(early, '2019-05-01');
    expect(overview(early).nextStepAt).toBe(opening('2021-01-01'));
    const late = opened();
    commission(late, '2021-02-03');
    openObligation(late, one, '2023-Q1', '2023-04-01', '2023-04-10');
    expect(overview(late).nextStepAt).toBeNull();
  });

  it('takes the latest quarter, not the latest paper, for the latest word', () => {
    const story = opened();
    const latest = fileReference(story, one, '2021-Q2', '2021-07-05T05:00:00.000Z', { powerMw: '8' });
    fileReference(story, one, '2021-Q1', '2021-08-01T05:00:00.000Z', { powerMw: '3' });
    expect(overview(story)).toMatchObject({ powerMw: '8', powerFilingId: latest, lastFilingOn: '2021-08-01' });
  });

  it('takes the correction received last, whatever the order of recording', () => {
    const story = opened();
    const filingId = fileReference(story, one, '2021-Q1', '2021-04-05T05:00:00.000Z', { powerMw: '8' });
    const correct = (powerMw: string, receivedAt: string) =>
      story.tell('FilingCorrected', {
        caseId,
        filingId,
        correctionId: id(powerMw),
        registration: registration(`K-${powerMw}`, receivedAt),
        location: place(),
        values: { period: '2021-Q1' as never, powerMw: decimal(powerMw) },
        changed: ['powerMw'],
        missing: [],
      });
    correct('6', '2021-04-20T05:00:00.000Z');
    correct('7', '2021-04-10T05:00:00.000Z');
    expect(overview(story).powerMw).toBe('6');
  });

  it('takes each value from the correction received last that says anything of it', () => {
    const story = opened();
    const filingId = fileReference(story, one, '2021-Q1', '2021-04-05T05:00:00.000Z', { powerMw: '8', jobs: 3 });
    const correct = (name: string, receivedAt: string, values: object, stated: readonly string[]) =>
      story.tell('FilingCorrected', {
        caseId,
        filingId,
        correctionId: id(name),
        registration: registration(name, receivedAt),
        location: place(),
        values: { period: '2021-Q1' as never, powerMw: decimal('8'), jobs: 3, ...values },
        stated,
        changed: stated,
        missing: [],
      });
    correct('late', '2021-04-20T05:00:00.000Z', { jobs: 9 }, ['jobs']);
    correct('early', '2021-04-10T05:00:00.000Z', { powerMw: decimal('7') }, ['powerMw']);
    expect(overview(story)).toMatchObject({ powerMw: '7', jobs: 9 });
    correct('cleared', '2021-04-21T05:00:00.000Z', { powerMw: undefined }, ['powerMw']);
    expect(overview(story)).toMatchObject({ powerMw: null, jobs: 9 });
  });

  it('holds a corrected expansion potential against the commissioning entry by when it came', () => {
    const story = opened();
    const filingId = appeal(story, '5', '40');
    commission(story, '2021-02-05', '30');
    expect(overview(story).expansionMw).toBe('30');
    story.tell('FilingCorrected', {
      caseId,
      filingId,
      correctionId: id('more'),
      registration: registration('more', '2021-03-05T05:00:00.000Z'),
      location: place(),
      values: { powerMw: decimal('5'), expansionMw: decimal('50') },
      stated: ['expansionMw'],
      changed: ['expansionMw'],
      missing: [],
    });
    expect(overview(story)).toMatchObject({ expansionMw: '50', expansionFilingId: filingId });
  });

  it('forgets a commissioning entry that was a mistake', () => {
    const story = opened();
    commission(story, '2021-01-05');
    expect(overview(story).stage).toBe('existing');
    story.tell('CommissioningWithdrawn', {
      caseId,
      entryId: id('entry'),
      commissionedOn: day('2021-01-05'),
      reason: 'mistyped',
    });
    expect(overview(story)).toMatchObject({ stage: 'planned', nextStepAt: null });
  });

  it('forgets what was withdrawn or annulled', () => {
    const story = opened();
    const filingId = fileReference(story, one, '2021-Q1', '2021-04-05T05:00:00.000Z');
    story.tell('FilingWithdrawn', {
      caseId,
      filingId,
      withdrawalId: id('w'),
      registration: registration('W-1', '2021-04-06T05:00:00.000Z'),
    });
    expect(overview(story)).toMatchObject({ stage: 'planned', powerMw: null, jobs: null, lastFilingOn: null });
    expect(overview(story).nextStepAt).toBeNull();
  });

  it('counts open and missed duties and knows the next day something is due', () => {
    const story = opened();
    commission(story, '2021-01-05');
    const first = openObligation(story, one, '2021-Q1', '2021-04-01', '2021-04-12');
    openObligation(story, one, '2021-Q2', '2021-07-01', '2021-07-12');
    expect(overview(story)).toMatchObject({ openObligations: 2, missedObligations: 0, nextDueOn: '2021-04-12' });
    const missed = { dueOn: day('2021-04-12'), detectedOn: day('2021-04-13'), historical: false };
    story.tell('ObligationMissed', { caseId, obligationId: first, ...missed });
    expect(overview(story)).toMatchObject({ openObligations: 1, missedObligations: 1, nextDueOn: '2021-07-12' });
    story.tell('DeadlineRevised', {
      caseId,
      obligationId: id(`obligation ${caseId} 2021-Q2`),
      deadline: deadline('2021-07-20'),
      because: 'term-extended',
    });
    expect(overview(story).nextDueOn).toBe('2021-07-20');
  });

  it('still waits for the broken last quarter after mining ended, and for nothing more', () => {
    const story = opened();
    commission(story, '2021-01-05');
    openObligation(story, one, '2021-Q1', '2021-04-01', '2021-04-12');
    terminate(story, '2021-05-15');
    expect(overview(story)).toMatchObject({ stage: 'terminated', nextStepAt: opening('2021-07-01') });
    openObligation(story, one, '2021-Q2', '2021-07-01', '2021-07-12');
    expect(overview(story).nextStepAt).toBeNull();
  });

  it('looks at the duties of a closed case too, and rests for ever once it is merged', () => {
    const story = opened();
    commission(story, '2021-01-05');
    story.tell('CaseClosed', { caseId, reason: 'settled' });
    expect(overview(story)).toMatchObject({ situation: 'closed', nextStepAt: opening('2021-04-01') });
    story.tell('CaseReopened', { caseId, reason: 'not settled' });
    expect(overview(story)).toMatchObject({ situation: 'active', nextStepAt: opening('2021-04-01') });
    story.tell('CaseMerged', { caseId, intoCaseId: cast(2).caseId, reason: 'twice' });
    expect(overview(story)).toMatchObject({ situation: 'merged', mergedInto: cast(2).caseId, nextStepAt: null });
  });

  it('takes over what a merged case held', () => {
    const story = opened();
    const filingId = id('absorbed');
    story.tell('CaseAbsorbed', {
      caseId,
      fromCaseId: cast(2).caseId,
      filings: [
        {
          filingId,
          kind: 'quarterly_reference',
          versions: [
            {
              versionId: filingId,
              cause: 'filing',
              registration: registration('X-1', '2021-04-05T05:00:00.000Z'),
              location: place(),
              values: { kind: 'quarterly_reference', period: '2021-Q1' as never, powerMw: decimal('4') },
            },
          ],
        },
      ],
      commissionings: [],
    });
    expect(overview(story)).toMatchObject({ stage: 'existing', powerMw: '4', powerFilingId: filingId });
  });

  it('knows whom it is assigned to and where it moved', () => {
    const story = opened();
    story.tell('CaseAssigned', { caseId, assignee: 'officer-1' });
    const effectiveOn = day('2021-02-01');
    story.tell('CaseLocationChanged', {
      caseId,
      from: place(),
      to: place('63', 'Oskemen'),
      effectiveOn,
      reason: 'moved',
    });
    expect(overview(story)).toMatchObject({ assignee: 'officer-1', region: '63', address: 'Oskemen' });
    story.tell('CaseAssigned', { caseId, assignee: null });
    expect(overview(story).assignee).toBeNull();
  });
});
