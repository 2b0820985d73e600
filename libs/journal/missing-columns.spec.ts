import iconv from 'iconv-lite';
import { xlsxFile } from '../../test/support/xlsx-file.js';
import { findMeantColumn } from './index.js';
import { editDistance } from './meant-column.js';
import { header, journalFiles, line, sampleTable, written } from './testing.js';

const { save, untilBroken, valuesOf } = journalFiles();

describe('a header without a column that rows of the file need', () => {
  const without = (column: string, heading?: string) => {
    const at = sampleTable[0]!.indexOf(column);
    return sampleTable.map((row, i) =>
      heading === undefined ? row.toSpliced(at, 1) : i === 0 ? row.toSpliced(at, 1, heading) : row,
    );
  };
  it.each([
    ['CSV', (table: string[][]) => written(table, ',')],
    ['semicolons in Windows-1251', (table: string[][]) => iconv.encode(written(table, ';'), 'win1251')],
    ['XLSX', (table: string[][]) => xlsxFile(table)],
  ])('is one fault of the header: %s', async (_, save_) => {
    const { rows, error } = await untilBroken(save_(without('power_mw', 'power_mww')));
    expect(rows).toEqual([]);
    expect(error).toMatchObject({ code: 'missing-column', column: 'power_mw', line: undefined });
    expect(error.message).toBe(
      'The header lacks the column power_mw (needed by planned_construction, quarterly_reference). ' +
        'It has power_mww: did you mean power_mw?',
    );
  });

  it('names all of them at once', async () => {
    const { error } = await untilBroken(
      'kind,operator_bin,region,chanel,received_at,journal_no,colour\ntermination,,,,,,',
    );
    expect(error.message).toBe(
      'The header lacks the columns case_ref, channel, activity_ended_on (needed by termination). ' +
        'It has chanel: did you mean channel?',
    );
  });

  it('may be the only rows of their kind, and the last', async () => {
    const some = sampleTable.filter(([, kind]) => kind !== 'termination');
    const at = some[0]!.indexOf('activity_ended_on');
    const lacking = some.map((row) => row.toSpliced(at, 1));
    expect(await valuesOf(save(written(lacking, ',')))).toHaveLength(some.length - 1);
    const last = sampleTable.find(([, kind]) => kind === 'termination')!.toSpliced(at, 1);
    const { error } = await untilBroken(written([...lacking, last], ','));
    expect(error.column).toBe('activity_ended_on');
  });

  it.each(['row', 'operator_name', 'address', 'submitted_at', 'design_start_on', 'note'])(
    'is none where no kind needs %s',
    async (column) => expect(await valuesOf(save(written(without(column), ',')))).toHaveLength(263),
  );

  it('leaves it to the reader of the rows to say where the file breaks', async () => {
    const { rows, error } = await untilBroken(
      `${header.replace('activity_ended_on', 'x')}\n${line(1).replace('termination', 'x')}\n2,cut`,
    );
    expect([rows, error.code]).toEqual([['1'], 'wrong-field-count']);
  });
});

describe('what an unknown heading stands for', () => {
  it.each([
    ['power_mww', 'power_mw'],
    [' Power MW ', 'power_mw'],
    ['recieved_at', 'received_at'],
    ['kidn', 'kind'],
    ['equipment_investments_kz', 'equipment_investment_kzt'],
    ['design_start', 'design_start_on'],
    ['power', undefined],
    ['type', undefined],
    ['nota bene', undefined],
    ['x'.repeat(100_000), undefined],
  ])('%s: %s', (heading, column) => expect(findMeantColumn(heading, [])).toBe(column));

  it('is no column that the file has', () => expect(findMeantColumn('power_mww', ['power_mw'])).toBeUndefined());

  it('counts letters put in, left out, changed and swapped', () => {
    const counted = [
      ['', ''],
      ['', 'abc'],
      ['abc', 'abd'],
      ['abc', 'bac'],
      ['kitten', 'sitting'],
    ].map(([a, b]) => [editDistance(a!, b!), editDistance(b!, a!)]);
    expect(counted).toEqual([
      [0, 0],
      [3, 3],
      [1, 1],
      [1, 1],
      [3, 3],
    ]);
  });
});
