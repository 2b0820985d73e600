import { decimal, instant, plainDate, type PlainDate, type Uuid } from '#libs/kernel';
import type { FilingValues } from '../filing.js';
import type { CaseCommand } from './commands.js';
import type { CaseContext } from './decider.js';
import { obligationIdOf } from './obligations.js';
import {
  assess,
  caseFileOf,
  caseId,
  commission,
  file,
  given,
  id,
  lived,
  obligation,
  on,
  quarterly,
  received,
  reference,
  types,
} from './testing.js';

describe('the quarterly duty (rule 4)', () => {
  const commissioned = lived([commission('2021-01-15'), on('2021-01-16')]);

  it('is not opened before the quarter has ended', () => {
    expect(types(commissioned)).toEqual(['CaseOpened', 'DataCenterCommissioned']);
    expect(given(commissioned).when(assess, on('2021-03-31', '23:59')).facts()).toEqual([]);
  });

  it('is opened on the first day after the quarter, with the trace of its date', () => {
    const [opened, ...rest] = given(commissioned).when(assess, on('2021-04-01', '00:00')).facts();
    expect(rest).toEqual([]);
    expect(opened).toMatchObject({
      type: 'ObligationOpened',
      data: {
        period: '2021-Q1',
        opensOn: '2021-04-01',
        historical: false,
        deadline: { nominalOn: '2021-04-10', dueOn: '2021-04-12', endsAt: '2021-04-12T18:00:00.000Z' },
      },
    });
  });

  it('is met by a reference received at any time of the last day, and late a minute after it', () => {
    const opened = [...commissioned, ...given(commissioned).when(assess, on('2021-04-01')).facts()];
    const electronic = (at: string): CaseCommand => ({
      type: 'RecordFiling',
      filingId: id(at),
      registration: {
        journalNo: at,
        channel: 'electronic',
        receivedAt: instant(at),
        receivedOn: plainDate(at < '2021-04-12T18:00:00' ? '2021-04-12' : '2021-04-13'),
        precision: 'instant',
        registeredOn: plainDate('2021-04-13'),
      },
      location: undefined,
      values: reference('2021-Q1'),
    });
    const inTime = given(opened).when(electronic('2021-04-12T17:59:59Z'), on('2021-04-12', '23:59:59')).facts();
    expect(inTime.at(-1)).toMatchObject({ type: 'ObligationMet', data: { late: false, daysLate: 0 } });
    const late = given(opened).when(electronic('2021-04-12T18:20:00Z'), on('2021-04-13', '00:20')).facts();
    expect(types(late)).toEqual(['QuarterlyReferenceFiled', 'ObligationMet']);
    expect(late.at(-1)).toMatchObject({ data: { late: true, daysLate: 1 } });
  });

  it('is missed once, when the term has ended, and a late reference resolves the miss without erasing it', () => {
    const facts = lived(
      [commission('2021-01-15'), on('2021-01-16')],
      [assess, on('2021-04-01')],
      [assess, on('2021-04-12', '23:59')],
      [assess, on('2021-04-13', '00:00')],
      [assess, on('2021-04-14')],
      [file(reference('2021-Q1'), '2021-04-20'), on('2021-04-20', '13:00')],
    );
    expect(types(facts).filter((type) => type === 'ObligationMissed')).toHaveLength(1);
    expect(obligation(facts, quarterly('2021-Q1'))).toMatchObject({ status: 'met_late', metBy: { daysLate: 8 } });
  });

  it('counts a nil reference, and flags a second one for the same period', () => {
    const facts = lived(
      [file(reference('2021-Q1', '0'), '2021-04-02'), on('2021-04-02', '13:00')],
      [file(reference('2021-Q1'), '2021-04-05', 'twice'), on('2021-04-05', '13:00')],
    );
    expect(obligation(facts, quarterly('2021-Q1')).status).toBe('met');
    const second = facts.filter((fact) => fact.type === 'QuarterlyReferenceFiled').at(-1);
    expect(second?.data.flags).toEqual(['duplicate']);
  });

  it('is flagged when it opens a second case of one centre, and only then', () => {
    const command = { ...file(reference('2021-Q1'), '2021-04-02'), twinCase: true };
    const again = { ...file(reference('2021-Q2'), '2021-07-02'), twinCase: true };
    const facts = lived([command, on('2021-04-02', '13:00')], [again, on('2021-07-02', '13:00')]);
    const filed = facts.filter((fact) => fact.type === 'QuarterlyReferenceFiled');
    expect(filed.map(({ data }) => data.flags)).toEqual([['same-centre'], []]);
  });

  it('is rescinded as missed when a reference turns out to have been received in time', () => {
    const facts = lived(
      [commission('2021-01-15'), on('2021-01-16')],
      [assess, on('2021-04-13', '00:00')],
      [file(reference('2021-Q1'), '2021-04-09'), on('2021-04-14')],
    );
    expect(types(facts).slice(-3)).toEqual(['QuarterlyReferenceFiled', 'MissRescinded', 'ObligationMet']);
    expect(obligation(facts, quarterly('2021-Q1')).status).toBe('met');
  });

  it('is owed again when the reference that met it is withdrawn, and met by the next one received', () => {
    const withdraw: CaseCommand = {
      type: 'WithdrawFiling',
      filingId: id('a'),
      withdrawalId: id('w'),
      registration: received('2021-04-08', 'W'),
    };
    const facts = lived(
      [commission('2021-01-15'), on('2021-01-16')],
      [file(reference('2021-Q1'), '2021-04-05', 'a'), on('2021-04-05', '13:00')],
      [withdraw, on('2021-04-08', '13:00')],
      [assess, on('2021-04-13', '00:01')],
    );
    expect(types(facts).slice(-3)).toEqual(['FilingWithdrawn', 'ObligationReopened', 'ObligationMissed']);
    const more = given(facts)
      .when(file(reference('2021-Q1'), '2021-04-14', 'b'), on('2021-04-14', '13:00'))
      .facts();
    expect(more.at(-1)).toMatchObject({ type: 'ObligationMet', data: { filingId: id('b'), daysLate: 2 } });
  });

  it('is missed once, also when the late reference that resolved the miss is withdrawn', () => {
    const withdraw: CaseCommand = {
      type: 'WithdrawFiling',
      filingId: id('late'),
      withdrawalId: id('w'),
      registration: received('2021-04-25', 'W'),
    };
    const facts = lived(
      [commission('2021-01-15'), on('2021-01-16')],
      [assess, on('2021-04-13', '00:00')],
      [file(reference('2021-Q1'), '2021-04-20', 'late'), on('2021-04-20', '13:00')],
      [withdraw, on('2021-04-25', '13:00')],
    );
    expect(types(facts).filter((type) => type === 'ObligationMissed')).toHaveLength(1);
    expect(obligation(facts, quarterly('2021-Q1'))).toMatchObject({ status: 'missed', metBy: undefined });
    expect(given(facts).when(assess, on('2021-04-26')).facts()).toEqual([]);
  });

  it('includes the quarter in which mining ended, and none after it', () => {
    const ended: FilingValues = { kind: 'termination', activityEndedOn: plainDate('2021-05-05') };
    const facts = lived(
      [commission('2021-01-15'), on('2021-01-16')],
      [file(ended, '2021-05-10'), on('2021-05-10', '13:00')],
      [assess, on('2022-02-01')],
    );
    const periods = facts.flatMap((fact) =>
      fact.type === 'ObligationOpened' && fact.data.period ? [fact.data.period] : [],
    );
    expect(periods).toEqual(['2021-Q1', '2021-Q2']);
    expect(obligation(facts, obligationIdOf(caseId, 'termination')).status).toBe('met');
  });

  it('does not arise any more after the last day of the rules; what was open stays', () => {
    const old = (day: string) => on(day, '12:00', 'kz-384-2020');
    const facts = lived([commission('2022-12-15'), old('2022-12-16')], [assess, old('2023-12-01')]);
    const periods = facts.flatMap((fact) => (fact.type === 'ObligationOpened' ? [fact.data.period] : []));
    expect(periods).toEqual(['2022-Q4', '2023-Q1']);
  });
});

describe('a commissioning entry that was a mistake', () => {
  it('is taken back, and what hung on it with it', () => {
    const mistaken = lived([commission('2021-01-15', '2021-07-20'), on('2021-07-20', '13:00')]);
    const missed = mistaken.filter((fact) => fact.type === 'ObligationMissed');
    expect(missed).toHaveLength(2);
    const withdraw = (entry: string): CaseCommand => ({
      type: 'WithdrawCommissioning',
      entryId: id(`commissioned-${entry}`),
      reason: 'the year was mistyped',
    });
    expect(given(mistaken).when(withdraw('2021-02-01'), on('2021-07-21')).rejection().code).toBe(
      'commissioning-unknown',
    );
    const facts = given(mistaken).when(withdraw('2021-01-15'), on('2021-07-21')).facts();
    expect(types(facts)).toEqual([
      'CommissioningWithdrawn',
      ...missed.flatMap(() => ['MissRescinded', 'ObligationVoided']),
    ]);
    const again = given([...mistaken, ...facts]).when(withdraw('2021-01-15'), on('2021-07-21'));
    expect(again.rejection().code).toBe('commissioning-unknown');
  });
});

describe('rule 3, counted back from the start of design', () => {
  const appeal = (designStartOn?: PlainDate): FilingValues => ({
    kind: 'planned_construction',
    powerMw: decimal('10'),
    ...(designStartOn ? { designStartOn } : {}),
  });

  it('cannot be determined without a start, and is judged when completion brings it', () => {
    const filed = lived([file(appeal(), '2021-11-16', 'p'), on('2021-11-16', '13:00')]);
    const duty = obligationIdOf(caseId, 'planned_construction');
    expect(obligation(filed, duty).status).toBe('undetermined');
    expect(filed.find((fact) => fact.type === 'PlannedConstructionFiled')?.data.missing).toEqual([
      'expansionMw',
      'equipmentInvestmentKzt',
      'bank',
    ]);
    const complete: CaseCommand = {
      type: 'CompleteFiling',
      filingId: id('p'),
      versionId: id('v'),
      registration: received('2021-11-18', 'V'),
      location: undefined,
      values: { kind: 'planned_construction', designStartOn: plainDate('2021-12-16') },
      leftOut: 'kept',
    };
    const facts = [...filed, ...given(filed).when(complete, on('2021-11-18', '13:00')).facts()];
    expect(types(facts).slice(-3)).toEqual(['FilingCompleted', 'DeadlineRevised', 'ObligationMet']);
    expect(obligation(facts, duty)).toMatchObject({ status: 'met', deadline: { dueOn: '2021-11-16' } });
  });
});

describe('refusals', () => {
  const filed = lived([file(reference('2021-Q1'), '2021-04-05', 'a'), on('2021-04-05', '13:00')]);

  it('refuses a receipt in the future and malformed values, naming the field', () => {
    const future = given([])
      .when(file(reference('2021-Q1'), '2021-04-06'), on('2021-04-05'))
      .rejection();
    expect(future.fields).toMatchObject([{ pointer: '/receivedAt', code: 'in-future' }]);
    const wrong = { ...reference('2021-Q1'), powerMw: '-3', jobs: 3.5 } as unknown as FilingValues;
    const malformed = given([]).when(file(wrong, '2021-04-05'), on('2021-04-05', '13:00')).rejection();
    expect(malformed.fields?.map((field) => field.pointer)).toEqual(['/powerMw', '/jobs']);
  });

  it('refuses a change of a version that is no longer the latest', () => {
    const correct = (expectedVersion: Uuid): CaseCommand => ({
      type: 'CorrectFiling',
      filingId: id('a'),
      versionId: id('v2'),
      registration: received('2021-04-06', 'V2'),
      location: undefined,
      values: reference('2021-Q1', '6'),
      leftOut: 'cleared',
      expectedVersion,
    });
    expect(
      given(filed)
        .when(correct(id('other')), on('2021-04-07'))
        .rejection().kind,
    ).toBe('stale');
    const corrected = given(filed)
      .when(correct(id('a')), on('2021-04-07'))
      .facts();
    expect(corrected).toMatchObject([{ type: 'FilingCorrected', data: { changed: ['powerMw'], missing: [] } }]);
  });

  it('needs two persons to annul', () => {
    const propose: CaseCommand = { type: 'ProposeAnnulment', filingId: id('a'), by: 'one', reason: 'forged' };
    const proposed = [...filed, ...given(filed).when(propose, on('2021-04-07')).facts()];
    const confirm = (by: string): CaseCommand => ({ type: 'ConfirmAnnulment', filingId: id('a'), by });
    expect(given(proposed).when(confirm('one'), on('2021-04-07')).rejection().code).toBe('annulment-needs-two');
    const annulled = given(proposed).when(confirm('two'), on('2021-04-07')).facts();
    expect(types(annulled).slice(0, 2)).toEqual(['FilingAnnulled', 'ObligationVoided']);
  });

  it('does not close a case with unsettled duties', () => {
    const owed = lived([commission('2021-01-15'), on('2021-01-16')], [assess, on('2021-04-01')]);
    const close: CaseCommand = { type: 'CloseCase', reason: 'done' };
    expect(given(owed).when(close, on('2021-04-02')).rejection().code).toBe('obligations-open');
  });

  it('closes a case only when the law can bring no more duties, and closing takes none away', () => {
    const close: CaseCommand = { type: 'CloseCase', reason: 'done' };
    const kept = lived(
      [commission('2021-01-15'), on('2021-01-16')],
      [file(reference('2021-Q1'), '2021-04-05'), on('2021-04-06')],
    );
    const early = given(kept).when(close, on('2021-04-07')).rejection();
    expect(early.code).toBe('obligations-to-come');
    expect(early.message).toContain('2021-Q2');

    const ended = lived(
      [commission('2021-01-15'), on('2021-01-16')],
      [
        file({ kind: 'termination', activityEndedOn: plainDate('2021-03-20') }, '2021-03-25'),
        on('2021-03-25', '13:00'),
      ],
    );
    // The quarter mining ended in is still owed.
    expect(given(ended).when(close, on('2021-03-26')).rejection().code).toBe('obligations-to-come');
    const last = given(ended)
      .when(file(reference('2021-Q1'), '2021-04-05'), on('2021-04-06'))
      .facts();
    const settled = [...ended, ...last];
    const closed = [...settled, ...given(settled).when(close, on('2021-04-07')).facts()];
    expect(types(closed).at(-1)).toBe('CaseClosed');
    expect(given(closed).when(assess, on('2022-04-07')).facts()).toEqual([]);

    const withdraw: CaseCommand = {
      type: 'WithdrawFiling',
      filingId: id('termination-2021-03-25'),
      withdrawalId: id('w'),
      registration: received('2021-07-01', 'W'),
    };
    const again = given(closed).when(withdraw, on('2021-07-02')).facts();
    expect(types(again)).toEqual(['FilingWithdrawn', 'ObligationOpened', 'ObligationVoided']);
  });

  it('takes no completion of a filing from which nothing is missing', () => {
    const values: FilingValues = { kind: 'termination', activityEndedOn: plainDate('2021-03-20') };
    const filed = lived([file(values, '2021-03-25', 't'), on('2021-03-25', '13:00')]);
    const complete: CaseCommand = {
      type: 'CompleteFiling',
      filingId: id('t'),
      versionId: id('v'),
      registration: received('2021-03-26', 'V'),
      location: undefined,
      values: { kind: 'termination', activityEndedOn: plainDate('2021-03-10') },
      leftOut: 'kept',
    };
    expect(given(filed).when(complete, on('2021-03-26', '13:00')).rejection().code).toBe('filing-complete');
  });
});

describe('where a case stands', () => {
  const named = (region: string, day: string, period: string): CaseCommand => ({
    ...(file(reference(period), day) as Extract<CaseCommand, { type: 'RecordFiling' }>),
    location: { region, address: 'Екібастұз' },
  });
  const moved = (region: string, day: string): CaseCommand => ({
    type: 'ChangeLocation',
    to: { region, address: 'Екібастұз' },
    effectiveOn: plainDate(day),
    reason: 'moved',
  });
  const regionAfter = (...steps: readonly [CaseCommand, CaseContext][]) => caseFileOf(lived(...steps)).location.region;

  it('follows the documents in the order of their receipt, not of their recording', () => {
    expect(
      regionAfter(
        [named('63', '2022-04-05', '2022-Q1'), on('2022-04-05', '13:00')],
        [named('10', '2022-07-05', '2022-Q2'), on('2022-07-05', '13:00')],
        [named('63', '2022-01-10', '2021-Q4'), on('2022-07-06')],
      ),
    ).toBe('10');
  });

  it('is not moved by a document that names no place of its own', () => {
    expect(
      regionAfter(
        [commission('2022-01-15'), on('2022-01-16')],
        [file(reference('2021-Q4'), '2022-03-03'), on('2022-03-04')],
        [moved('39', '2022-03-01'), on('2022-03-05')],
      ),
    ).toBe('39');
  });

  it('puts a relocation learned of late in its place, and takes none before its day', () => {
    const filed = [named('10', '2022-07-05', '2022-Q2'), on('2022-07-05', '13:00')] as const;
    expect(regionAfter([...filed], [moved('39', '2022-05-01'), on('2022-07-06')])).toBe('10');
    const facts = lived([...filed]);
    expect(given(facts).when(moved('39', '2022-07-07'), on('2022-07-06')).rejection().code).toBe('effective-in-future');
  });
});
