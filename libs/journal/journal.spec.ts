import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { naiveRecords } from '../../test/support/naive-csv.js';
import { xlsxFile, zip, type XlsxCell } from '../../test/support/xlsx-file.js';
import { journalColumns, JournalFormatError, openJournal } from './index.js';
import { header, journalFiles, line, rowsOf, samplePath, sampleTable, sample, written } from './testing.js';

const sampleValues = naiveRecords(sample);
const files = journalFiles();
const { save, untilBroken, valuesOf } = files;
const resaved = (separator: string, lineEnd: string) => written(sampleTable, separator, lineEnd);

describe('the same journal, however it was saved', () => {
  it('is read as it stands', async () => {
    const journal = await openJournal(samplePath);
    expect(journal.format).toEqual({ kind: 'csv', encoding: 'utf-8', separator: ',', hadBom: false });
    expect(journal.columns).toEqual(journalColumns);
    expect(journal.ignoredColumns).toEqual([]);
    const rows = await rowsOf(journal);
    expect(rows.map((row) => row.values)).toEqual(sampleValues);
    expect(rows.map((row) => row.ordinal)).toEqual(sampleValues.map((_, i) => i + 1));
    expect(rows[262]).toMatchObject({ rowNo: '263', line: 264 });
    expect(journal.bytesRead()).toBe(journal.totalBytes);
  });

  it.each([
    ['UTF-8 with a BOM and CRLF', '\ufeff' + resaved(',', '\r\n'), 'utf-8', ','],
    ['UTF-8 with semicolons, without a last line end', resaved(';', '\n'), 'utf-8', ';'],
    ['UTF-8 with tabs', resaved('\t', '\r\n') + '\r\n', 'utf-8', '\t'],
    ['UTF-16LE', iconv.encode(resaved('\t', '\r\n'), 'utf16le', { addBOM: true }), 'utf-16le', '\t'],
    ['UTF-16BE', iconv.encode(resaved(';', '\r\n'), 'utf16be', { addBOM: true }), 'utf-16be', ';'],
    ['KZ-1048 with semicolons', iconv.encode(resaved(';', '\r\n'), 'rk1048'), 'kz-1048', ';'],
  ])('%s', async (_, content, encoding, separator) => {
    const journal = await openJournal(save(content));
    expect(journal.format).toMatchObject({ encoding, separator });
    expect((await rowsOf(journal)).map((row) => row.values)).toEqual(sampleValues);
  });

  it('Windows-1251 with semicolons, where the Kazakh letters it lacks have become question marks', async () => {
    const path = save(iconv.encode(resaved(';', '\r\n'), 'win1251'));
    expect((await openJournal(path)).format).toMatchObject({ encoding: 'windows-1251', separator: ';' });
    const lossy = (text: string) => text.replace(/[ӘәҒғҚқҢңӨөҰұҮүҺһ]/g, '?');
    const expected = sampleValues.map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, lossy(v)])));
    const values = await valuesOf(path);
    expect(values).toEqual(expected);
    expect(values[0]!.operator_name).toBe('ТОО «Ертіс Data»');
    expect(values[7]!.address).toBe('А?тау, 3-ша?ын аудан');
  });

  it('PT154 when the caller names it', async () => {
    const path = save(iconv.encode(resaved(';', '\n'), 'pt154'));
    expect(await valuesOf(path, { encoding: 'pt154' })).toEqual(sampleValues);
  });

  it('XLSX, with numbers, dates and short BINs as cells of their own type', async () => {
    const numbers = new Set(['row', 'region', 'operator_bin', 'expansion_mw', 'jobs', 'equipment_investment_kzt']);
    const cells = sampleTable.map((row, i) =>
      row.map((cell, j): XlsxCell => {
        const column = sampleTable[0]![j]!;
        if (cell === '') return null;
        if (i > 0 && /^\d{4}-\d\d-\d\d$/.test(cell)) return { date: cell };
        if (i > 0 && numbers.has(column) && /^\d+(\.\d+)?$/.test(cell)) return { number: String(Number(cell)) };
        return cell;
      }),
    );
    const journal = await openJournal(save(xlsxFile(cells), 'xlsx'));
    expect(journal.format.kind).toBe('xlsx');
    const shortened = sampleValues.map((row): Record<string, string | undefined> => ({
      ...row,
      expansion_mw: /^\d+(\.\d+)?$/.test(row.expansion_mw!) ? String(Number(row.expansion_mw)) : row.expansion_mw,
    }));
    expect((await rowsOf(journal)).map((row) => row.values)).toEqual(shortened);
    expect(shortened[1]!.operator_bin).toBe('080440426671');
    expect(journal.bytesRead()).toBe(journal.totalBytes);
  });
});

describe('the spelling of a spreadsheet program', () => {
  const columns = `${header.replaceAll(',', ';')};power_mw;jobs;commissioned_on`;
  const row = (bin: string, received: string, power: string, jobs: string, day: string) =>
    `1;termination;C1;${bin};75;paper;${received};1;2021-04-01;31.01.2022 7,90;${power};${jobs};${day}`;
  const read = async (text: string) => (await valuesOf(save(text)))[0]!;

  it('is put back exactly in files with semicolons, in its own columns only', async () => {
    const values = await read(`${columns}\n${row('80440426671', '31.01.2022', '7,90', '12', '01.02.2021')}`);
    expect(values).toMatchObject({
      operator_bin: '080440426671',
      received_at: '2022-01-31',
      power_mw: '7.90',
      jobs: '12',
      commissioned_on: '2021-02-01',
      note: '31.01.2022 7,90',
    });
  });

  it('is left alone where it cannot be put back exactly', async () => {
    const typed = {
      operator_bin: '1,4064E+11',
      received_at: '31.01.2022 10:15',
      power_mw: '1 502,5',
      jobs: '5,02E+08',
    };
    const text = row(typed.operator_bin, typed.received_at, typed.power_mw, typed.jobs, '31.01.22');
    expect(await read(`${columns}\n${text}`)).toMatchObject({ ...typed, commissioned_on: '31.01.22' });
    expect(await read(`${columns}\n${row('94014000038', '', '', '', '')}`)).toMatchObject({
      operator_bin: '94014000038',
    });
  });

  it('is not known in files with commas', async () => {
    const text = `${header},power_mw\n1,termination,C1,80440426671,75,paper,31.01.2022,1,2021-04-01,,"7,90"`;
    expect(await read(text)).toMatchObject({
      operator_bin: '80440426671',
      received_at: '31.01.2022',
      power_mw: '7,90',
    });
  });

  it('comes out of XLSX cells as their typist saw them', async () => {
    const cells: XlsxCell[][] = [
      [...header.split(','), 'power_mw', 'expansion_mw', 'equipment_investment_kzt', 'submitted_at', 'bank_bic'],
      [
        { number: '1' },
        'termination',
        'C1',
        { number: '80440426671' },
        { number: '75' },
        'paper',
        '05.04.2021',
        '1',
        '2021-04-01',
        true,
        { number: '7.9' },
        { number: '0.51500000000000001' },
        { number: '5.02E8' },
        { date: '2021-04-05T10:15:00' },
        null,
      ],
    ];
    expect((await valuesOf(save(xlsxFile(cells), 'xlsx')))[0]).toMatchObject({
      row: '1',
      operator_bin: '080440426671',
      received_at: '2021-04-05',
      note: 'TRUE',
      power_mw: '7.9',
      expansion_mw: '0.515',
      equipment_investment_kzt: '502000000',
      submitted_at: '2021-04-05T10:15:00',
      bank_bic: '',
    });
  });
});

describe('headers and rows', () => {
  it('takes columns in any order and case, and lists those it does not know', async () => {
    const journal = await openJournal(
      save(` NOTE , Kind,case_ref,Operator_BIN,colour,region,channel,received_at,journal_no\n x ,k,c,b,red,r,ch,d,n\n`),
    );
    expect(journal.columns[0]).toBe('note');
    expect(journal.ignoredColumns).toEqual(['colour']);
    const [row] = await rowsOf(journal);
    expect(row).toMatchObject({ rowNo: '1', values: { note: 'x', kind: 'k', power_mw: '' } });
    expect(Object.keys(row!.values)).toEqual([...journalColumns]);
  });

  it('counts lines and rows over quoted line ends and blank lines', async () => {
    const journal = await openJournal(
      save(`${header}\r\n${line(7, '"two ""quoted""\r\nlines"')}\r\n\r\n,,,,,,,,,\r\n${line(8)}\r\n`),
    );
    const rows = await rowsOf(journal);
    expect(rows.map((row) => [row.ordinal, row.rowNo, row.line])).toEqual([
      [1, '7', 2],
      [2, '8', 6],
    ]);
    expect(rows[0]!.values.note).toBe('two "quoted"\r\nlines');
  });

  it('brings letters into NFC and takes outer blanks away', async () => {
    const [values] = await valuesOf(save(`${header}\n${line(1, ' \u0438\u0306 \u00a0')}`));
    expect(values!.note).toBe('\u0439');
  });

  it('gives the rows again from the beginning', async () => {
    const journal = await openJournal(samplePath);
    for await (const row of journal.rows()) {
      expect(row.ordinal).toBe(1);
      break;
    }
    expect(await rowsOf(journal)).toHaveLength(263);
  });
});

describe('a file that is no journal', () => {
  it.each([
    ['nothing at all', '', 'empty', /journal-\d+\.csv is empty/],
    ['a BOM only', '\ufeff', 'empty', /is empty/],
    ['blank lines only', '\r\n \n', 'empty', /is empty/],
    ['rows without a header', `${line(1)}\n`, 'not-a-journal', /header row is missing/],
    [
      'a header without received_at',
      'kind,case_ref,operator_bin,region,channel,journal_no\n',
      'missing-column',
      /lacks the column received_at\./,
    ],
    ['a column twice', `${header},Region\n`, 'doubled-column', /names the column region twice/],
    ['UTF-16 without a mark', iconv.encode(`${header}\n`, 'utf16le'), 'not-text', /Line 1: .*NUL/],
    ['an old Excel file', Buffer.from('d0cf11e0a1b11ae100000000', 'hex'), 'not-a-journal', /old Excel/],
    ['an archive that breaks off', Buffer.from('504b03040000', 'hex'), 'not-a-workbook', /damaged or breaks off/],
    ['an archive of something else', zip({ 'a.txt': 'x' }), 'not-a-workbook', /cannot be read/],
    ['an empty workbook', xlsxFile([]), 'empty', /first sheet of the workbook is empty/],
    ['a workbook without a needed column', xlsxFile([['kind', 'case_ref']]), 'missing-column', /operator_bin, region/],
  ])('%s', async (_, content, code, message) => {
    const { error } = await untilBroken(content);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('a directory, or nothing', async () => {
    mkdirSync(join(files.directory, 'folder.csv'));
    await expect(openJournal(join(files.directory, 'folder.csv'))).rejects.toMatchObject({ code: 'not-a-file' });
    await expect(openJournal(join(files.directory, 'none.csv'))).rejects.toMatchObject({
      code: 'not-readable',
      message: 'There is no file none.csv here.',
    });
    await expect(openJournal(join(samplePath, 'below'))).rejects.toMatchObject({ code: 'not-readable' });
  });

  it('a workbook that names another file as an entity, or makes much of few letters', async () => {
    const other = save('secret-of-another-file');
    for (const entities of [
      `<!ENTITY x SYSTEM "file://${other}">`,
      `<!ENTITY a "secret-of-another-file"><!ENTITY x "${'&a;'.repeat(1_000)}">`,
    ]) {
      const book = xlsxFile([header.split(','), line(1, 'ENTITY').split(',')], (xml) =>
        xml.replace('<sst', `<!DOCTYPE sst [${entities}]><sst`).replace('>ENTITY<', '>&x;<'),
      );
      const read = await valuesOf(save(book, 'xlsx')).catch((error: unknown) => {
        if (!(error instanceof JournalFormatError)) throw error;
        return error.message;
      });
      expect(JSON.stringify(read)).not.toContain('secret-of-another-file');
    }
  });

  it('a workbook larger than the reader can hold', async () => {
    const large = zip({ 'xl/worksheets/sheet1.xml': ' '.repeat(97 * 1024 * 1024) });
    const { error } = await untilBroken(large, 'xlsx');
    expect(error).toMatchObject({ code: 'workbook-too-large' });
    expect(error.message).toMatch(/CSV UTF-8/);
  }, 60_000);
});

describe('a file that breaks gives the rows before the break', () => {
  const start = `${header}\n${line(1)}\n${line(2)}\n`;
  const invalid = Buffer.concat([
    Buffer.from(`${start}${line(3, 'Өскемен, қаласы, Самарское'.replaceAll(',', ''))}\n4,`),
    Buffer.from([0xd0]),
    Buffer.from(',\n'),
  ]);
  it.each([
    ['inside a quoted field', `${start}${line(3, '"cut')}`, 'breaks-off', 4, ['1', '2']],
    ['inside a row', `${start}3,termination,C3`, 'wrong-field-count', 4, ['1', '2']],
    ['at a row with too many fields', `${start}${line(3)},\n${line(4)}\n`, 'wrong-field-count', 4, ['1', '2']],
    ['at a quote that does not match', `${start}${line(3, '"a" b')}\n${line(4)}\n`, 'broken-quote', 4, ['1', '2']],
    ['at a quote inside a bare field', `${start}${line(3, 'a "b"')}\n${line(4)}\n`, 'broken-quote', 4, ['1', '2']],
    ['at a NUL', `${start}${line(3)}\n${line(4, 'a\0b')}\n`, 'not-text', 5, ['1', '2', '3']],
    ['at bytes that are no UTF-8', invalid, 'not-text', 5, ['1', '2', '3']],
    [
      'inside a letter',
      Buffer.from(`${start}${line(3, 'Қарағанды қаласы Өскемен')}қ`).subarray(0, -1),
      'breaks-off',
      4,
      ['1', '2'],
    ],
    ['at a field of more than 64 kB', `${start}${line(3, 'x'.repeat(66_000))}\n`, 'field-too-long', 4, ['1', '2']],
    [
      'at a quote that swallows the rest',
      `${start}${line(3, '"')}\n${`${line(4)}\n`.repeat(20_000)}`,
      'field-too-long',
      4,
      ['1', '2'],
    ],
    [
      'inside the line end of UTF-16',
      iconv.encode(start, 'utf16le', { addBOM: true }).subarray(0, -1),
      'breaks-off',
      3,
      ['1'],
    ],
  ])('%s', async (_, content, code, at, given) => {
    const { rows, error } = await untilBroken(content);
    expect({ code: error.code, line: error.line }).toEqual({ code, line: at });
    expect(error.message).toMatch(new RegExp(`^Line ${at}: `));
    expect(rows).toEqual(given);
  });

  it('wherever a chunk of the file ends', async () => {
    const many = Array.from(
      { length: 20_000 },
      (_, i) =>
        `${line(
          i + 1,
          'Қарағанды, "Өскемен"'.replace(/.*/s, (t) => `"${t.replaceAll('"', '""')}"`),
        )}\n`,
    );
    const { rows, error } = await untilBroken(`${header}\n${many.join('')}20001,cut`);
    expect(rows).toHaveLength(20_000);
    expect(error.line).toBe(20_002);
  });
});
