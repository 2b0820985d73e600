import { decimal, plainDate, quarter } from '#libs/kernel';
import type { FilingValues } from '../filing.js';
import type { CaseCommand } from './commands.js';
import type { CaseEvent } from './events.js';
import { caseId, file, fold, given, id, lived, on, received, reference } from './testing.js';

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

const filingOf = (facts: readonly CaseEvent[], name = 'a') => {
  const state = fold(facts);
  if (state.situation === 'none') throw new Error('no case');
  return state.file.filings.get(id(name))!;
};

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

describe('an incomplete mark', () => {
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
});
