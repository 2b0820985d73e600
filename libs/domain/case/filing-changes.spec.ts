import { decimal, plainDate, quarter } from '#libs/kernel';
import type { FilingValues } from '../filing.js';
import { notifiableVersions } from '../notice/index.js';
import { currentVersion } from './state.js';
import type { CaseCommand } from './commands.js';
import type { CaseEvent } from './events.js';
import { assess, caseFileOf, caseId, file, fold, given, id, lived, on, received, reference } from './testing.js';

const day = on('2021-04-08', '13:00');
const filed = lived([file(reference('2021-Q1'), '2021-04-05', 'a'), on('2021-04-05', '13:00')]);

type Change = Extract<CaseCommand, { readonly versionId: unknown }>;

const correct = (values: Partial<FilingValues>, more: Partial<Change> = {}): CaseCommand => ({
  type: 'CorrectFiling',
  filingId: id('a'),
  versionId: id('v2'),
  registration: received('2021-04-08', 'V2'),
  location: undefined,
  values: { kind: 'quarterly_reference', period: quarter('2021-Q1'), ...values } as FilingValues,
  leftOut: 'kept',
  ...more,
});

const filingOf = (facts: readonly CaseEvent[], name = 'a') => caseFileOf(facts).filings.get(id(name))!;

describe('a correction', () => {
  it('keeps what it does not name', () => {
    const [corrected] = given(filed)
      .when(correct({ powerMw: decimal('6') } as Partial<FilingValues>), day)
      .facts();
    expect(corrected).toMatchObject({
      type: 'FilingCorrected',
      data: {
        values: { period: '2021-Q1', powerMw: '6', equipmentInvestmentKzt: '1000', jobs: 7 },
        changed: ['powerMw'],
        missing: [],
      },
    });
  });

  it('no longer declares what it clears, which is missing then', () => {
    const [corrected] = given(filed)
      .when(correct({}, { cleared: ['jobs'] }), day)
      .facts();
    expect(corrected).toMatchObject({ data: { changed: ['jobs'], missing: ['jobs'] } });
    expect((corrected as { data: { values: object } }).data.values).not.toHaveProperty('jobs');
  });

  it('of a journal states all values anew', () => {
    const [corrected] = given(filed)
      .when(correct({ powerMw: decimal('5') } as Partial<FilingValues>, { leftOut: 'cleared' }), day)
      .facts();
    expect(corrected).toMatchObject({
      data: { changed: ['equipmentInvestmentKzt', 'investmentPotentialKzt', 'jobs'] },
    });
  });
});

describe('corrections that are recorded in another order than they came', () => {
  const changes = (...commands: readonly CaseCommand[]) =>
    commands.reduce<readonly CaseEvent[]>(
      (facts, command) => [...facts, ...given(facts).when(command, on('2021-05-20')).facts()],
      filed,
    );
  const late = correct({ jobs: 9 } as Partial<FilingValues>, {
    versionId: id('late'),
    registration: received('2021-05-10', 'L'),
  });
  const early = correct({ powerMw: decimal('7') } as Partial<FilingValues>, {
    versionId: id('early'),
    registration: received('2021-05-01', 'E'),
    location: { region: '55', address: 'Аксу' },
  });

  it('give the same values in force, whichever was recorded first', () => {
    for (const facts of [changes(late, early), changes(early, late)]) {
      const current = currentVersion(filingOf(facts))!;
      expect(current).toMatchObject({ versionId: id('late'), location: { address: 'Аксу' } });
      expect(current.values).toMatchObject({ powerMw: '7', jobs: 9, equipmentInvestmentKzt: '1000' });
      expect(currentVersion(filingOf(facts), plainDate('2021-05-05'))!.values).toMatchObject({ powerMw: '7', jobs: 7 });
    }
  });

  it('say what is missing of what is in force, not of what was recorded last', () => {
    const without = correct({}, { versionId: id('w'), registration: received('2021-05-01', 'W'), cleared: ['jobs'] });
    expect(filingOf(changes(late, without)).missing).toEqual([]);
    expect(filingOf(changes(without)).missing).toEqual(['jobs']);
  });

  it('are compared with what they came after', () => {
    const last = changes(late, early).findLast(({ type }) => type === 'FilingCorrected')!;
    expect(last.data).toMatchObject({ changed: ['powerMw'], stated: ['period', 'powerMw', 'location'] });
  });
});

describe('an incomplete mark', () => {
  const marked = (...missing: string[]) =>
    lived(
      [file(reference('2021-Q1'), '2021-04-05', 'a'), on('2021-04-05', '13:00')],
      [{ type: 'MarkFilingIncomplete', filingId: id('a'), missing, remark: 'illegible' }, day],
    );
  const after = (facts: readonly CaseEvent[], command: CaseCommand) =>
    filingOf([...facts, ...given(facts).when(command, on('2021-04-09')).facts()]).missing;
  const complete = (values: object, more: Partial<Change> = {}): CaseCommand =>
    ({ ...correct(values, more), type: 'CompleteFiling' }) as CaseCommand;

  it('stays until what it names is given, and goes with a document that says all anew', () => {
    const facts = marked('jobs', 'annex');
    expect(after(facts, correct({ powerMw: decimal('6') } as Partial<FilingValues>))).toEqual(['jobs', 'annex']);
    expect(after(facts, correct({ jobs: 8 } as Partial<FilingValues>))).toEqual(['annex']);
    expect(after(facts, complete({ jobs: 8 }))).toEqual(['annex']);
    expect(after(facts, complete({ jobs: 8 }, { brought: ['annex'] }))).toEqual([]);
    expect(after(facts, complete({}, { brought: ['annex'] }))).toEqual(['jobs']);
    for (const nothing of [complete({}), correct({})])
      expect(given(facts).when(nothing, on('2021-04-09')).rejection().code).toBe('nothing-given');
    expect(after(facts, correct(reference('2021-Q1'), { leftOut: 'cleared' }))).toEqual([]);
  });

  it('comes on top of what the document itself lacks', () => {
    const { jobs: _, ...lacking } = reference('2021-Q1') as Extract<FilingValues, { kind: 'quarterly_reference' }>;
    const facts = lived(
      [file(lacking, '2021-04-05', 'a'), on('2021-04-05', '13:00')],
      [{ type: 'MarkFilingIncomplete', filingId: id('a'), missing: ['annex', 'jobs'], remark: 'no annex' }, day],
    );
    expect(filingOf(facts).missing).toEqual(['jobs', 'annex']);
  });
});

describe('a period before the Rules', () => {
  it('is refused by its field: no reference was ever owed for it', () => {
    const early = given([])
      .when(file(reference('2016-Q3'), '2021-04-05'), day)
      .rejection();
    expect(early).toMatchObject({
      code: 'period-before-rules',
      fields: [{ pointer: '/period', code: 'before-rules' }],
    });
    expect(
      given([])
        .when(file(reference('2020-Q4'), '2021-04-05'), day)
        .facts(),
    ).not.toEqual([]);
  });
});

describe('whose document a filing is', () => {
  const transferred = lived(
    [file(reference('2021-Q1'), '2021-04-05', 'a'), on('2021-04-05', '13:00')],
    [
      { type: 'TransferCase', toBin: '970740000838', effectiveOn: plainDate('2021-04-10'), reason: 'sold' },
      on('2021-04-12'),
    ],
  );

  it('stays the one who filed it when the case passes to another', () => {
    expect(filingOf(transferred).filedBy).toBe('940140000385');
  });

  it('is by legal time: paper that came before the transfer is the former operator’s, whenever it is entered', () => {
    const [early] = given(transferred)
      .when(file(reference('2021-Q2'), '2021-04-09', 'b'), on('2021-04-13'))
      .facts();
    expect(early).toMatchObject({ data: { caseId, operatorBin: '940140000385' } });
    const [later] = given(transferred)
      .when(file(reference('2021-Q2'), '2021-04-10', 'b'), on('2021-04-13'))
      .facts();
    expect(later!.data).not.toHaveProperty('operatorBin');
    expect(filingOf([...transferred, early!], 'b').filedBy).toBe('940140000385');
    expect(filingOf([...transferred, later!], 'b').filedBy).toBe('970740000838');
  });

  it('may be that of a former operator, who still owes it, and of nobody else', () => {
    const owing = lived(
      [file(reference('2020-Q4'), '2021-01-05', 'a'), on('2021-01-05', '13:00')],
      [assess, on('2021-04-13')],
      [
        { type: 'TransferCase', toBin: '970740000838', effectiveOn: plainDate('2021-04-20'), reason: 'sold' },
        on('2021-04-20'),
      ],
    );
    const said = (period: string, filedBy: string) =>
      given(owing).when({ ...file(reference(period), '2021-05-03', 'b'), filedBy } as CaseCommand, on('2021-05-04'));
    expect(said('2021-Q1', '940140000385').facts()[0]).toMatchObject({ data: { operatorBin: '940140000385' } });
    for (const [period, bin] of [
      ['2020-Q4', '940140000385'],
      ['2021-Q2', '940140000385'],
      ['2021-Q1', '971240001315'],
    ] as const)
      expect(said(period, bin).rejection().code).toBe('case-passed-on');
  });

  it('is not taken away by who no longer has the case, whose place it does not tell either', () => {
    const by = (byOperator?: string) =>
      given(transferred).when(
        {
          type: 'WithdrawFiling',
          filingId: id('a'),
          withdrawalId: id('w'),
          registration: received('2021-04-13', 'W'),
          ...(byOperator ? { byOperator } : {}),
        },
        on('2021-04-14'),
      );
    expect(by('940140000385').rejection().code).toBe('withdrawal-by-former');
    expect(by().facts()[0]!.type).toBe('FilingWithdrawn');
    const placed = { ...file(reference('2021-Q2'), '2021-04-13', 'b'), location: { region: '39', address: 'x' } };
    expect(
      given(transferred)
        .when({ ...placed, filedBy: '940140000385' } as CaseCommand, on('2021-04-14'))
        .rejection().fields,
    ).toMatchObject([{ pointer: '/location' }]);
  });

  it('is not forgotten by a merge, and the other case’s former operators are none of this one', () => {
    const absorb = (operatorBin: string): CaseCommand => ({
      type: 'AbsorbCase',
      fromCaseId: id('other'),
      operatorBin,
      filings: [
        {
          filingId: id('x'),
          kind: 'quarterly_reference',
          filedBy: '971240001315',
          versions: [
            {
              versionId: id('x'),
              cause: 'filing',
              registration: received('2021-04-02', 'X'),
              location: { region: '55', address: 'A' },
              values: reference('2021-Q1'),
            },
          ],
        },
      ],
      commissionings: [],
    });
    expect(given(filed).when(absorb('970740000838'), day).rejection().code).toBe('other-operator');
    const facts = [...filed, ...given(filed).when(absorb('940140000385'), day).facts()];
    expect(filingOf(facts, 'x')).toMatchObject({ filedBy: '971240001315', versions: [{ recordedIn: id('other') }] });
  });
});

describe('a corrected place', () => {
  const elsewhere = { region: '39', address: 'Рудный' };
  const facts = [
    ...filed,
    ...given(filed)
      .when(correct({}, { location: elsewhere }), day)
      .facts(),
  ];

  it('moves the centre from the day its filing came, and the energy body is told of it', () => {
    const after = caseFileOf(facts);
    expect(after.location).toEqual(elsewhere);
    expect(notifiableVersions(after, day.rules)).toMatchObject([
      { trigger: 'quarterly_reference', contents: { location: { address: 'Екібастұз' } } },
      { trigger: 'correction', contents: { location: elsewhere } },
    ]);
  });

  it('is not the place of a document that came before that filing and names none', () => {
    const of = (cameOn: string) =>
      given(facts)
        .when(file(reference('2020-Q4'), cameOn, 'b'), on('2021-05-20'))
        .facts()[0]!.data as { readonly location: object };
    expect(of('2021-04-04').location).toMatchObject({ address: 'Екібастұз' });
    expect(of('2021-04-05').location).toEqual(elsewhere);
  });

  it('is the one of the correction received last, whichever was recorded first', () => {
    const older = correct(
      {},
      {
        versionId: id('older'),
        registration: received('2021-04-07', 'O'),
        location: { region: '55', address: 'Аксу' },
      },
    );
    const state = fold([...facts, ...given(facts).when(older, on('2021-04-12')).facts()]);
    expect(state).toMatchObject({ file: { location: elsewhere } });
  });

  it('of a journal is its registry’s wording and no reason for a notice', () => {
    const { values } = filingOf(filed).versions[0]!;
    const again = given(filed)
      .when(correct(values as Partial<FilingValues>, { location: elsewhere, leftOut: 'cleared' }), day)
      .facts();
    expect(notifiableVersions(caseFileOf([...filed, ...again]), day.rules)).toHaveLength(1);
  });
});
