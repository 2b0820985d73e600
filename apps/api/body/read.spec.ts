import { LocationBody, PlannedConstructionBody, QuarterlyReferenceBody } from '../requests/filing.request.js';
import { CalendarCorrectionBody } from '../requests/order.request.js';
import { DocumentNameQuery } from '../requests/query.request.js';
import { OperatorBody } from '../requests/registry.request.js';
import { read } from './read.js';
import type { Shape } from './field-table.js';

const good = { caseId: '6ba7b810-9dad-41d1-80b4-00c04fd430c8', period: '2021-Q1', powerMw: '7.90', jobs: 12 };

const faultsOf = (shape: Shape, given: unknown) => {
  const found = read(shape, given);
  return 'faults' in found ? found.faults.map(({ pointer, code }) => `${pointer} ${code}`) : [];
};

describe('a body', () => {
  it('becomes an instance with the digits as filed', () => {
    const found = read(QuarterlyReferenceBody, good);
    expect(found).toEqual({ value: good });
    expect('value' in found && found.value).toBeInstanceOf(QuarterlyReferenceBody);
  });

  it('has its instants in UTC and its text in normal form, nothing else changed', () => {
    const submittedAt = '2021-04-12T09:30:00+06:00';
    expect(read(QuarterlyReferenceBody, { ...good, submittedAt })).toEqual({
      value: { ...good, submittedAt: '2021-04-12T03:30:00.000Z' },
    });
    const address = 'Қарағанды, Әлихан Бөкейхан й-сі';
    expect(read(LocationBody, { region: '35', address: address.normalize('NFD') })).toEqual({
      value: { region: '35', address: address.normalize('NFC') },
    });
  });

  it.each<[Shape, unknown, string[]]>([
    [QuarterlyReferenceBody, {}, ['/period missing']],
    [QuarterlyReferenceBody, null, [' not-an-object']],
    [QuarterlyReferenceBody, [], [' not-an-object']],
    [QuarterlyReferenceBody, 'x', [' not-an-object']],
    [QuarterlyReferenceBody, { ...good, powerMw: 7.9 }, ['/powerMw not-a-string']],
    [QuarterlyReferenceBody, { ...good, powerMw: null }, ['/powerMw null']],
    [QuarterlyReferenceBody, { ...good, powerMw: '-1' }, ['/powerMw not-megawatts']],
    [QuarterlyReferenceBody, { ...good, powerMw: '1e309' }, ['/powerMw not-megawatts']],
    [QuarterlyReferenceBody, { ...good, powerMw: '1.2345' }, ['/powerMw not-megawatts']],
    [QuarterlyReferenceBody, { ...good, jobs: '12' }, ['/jobs not-whole']],
    [QuarterlyReferenceBody, { ...good, jobs: -0 }, ['/jobs not-whole']],
    [QuarterlyReferenceBody, { ...good, jobs: 1.5 }, ['/jobs not-whole']],
    [QuarterlyReferenceBody, { ...good, jobs: 2 ** 53 }, ['/jobs not-whole']],
    [QuarterlyReferenceBody, { ...good, period: '2021-Q5' }, ['/period not-a-quarter']],
    [QuarterlyReferenceBody, { ...good, receivedOn: '2021-02-30' }, ['/receivedOn not-a-day']],
    [QuarterlyReferenceBody, { ...good, submittedAt: '2021-02-03T10:00:00' }, ['/submittedAt not-an-instant']],
    [QuarterlyReferenceBody, { ...good, channel: 'fax' }, ['/channel not-known']],
    [QuarterlyReferenceBody, { ...good, caseId: 'x' }, ['/caseId not-an-id']],
    [QuarterlyReferenceBody, { ...good, surprise: 1 }, ['/surprise unknown-field']],
    [QuarterlyReferenceBody, { ...good, constructor: 1 }, ['/constructor unknown-field']],
    [QuarterlyReferenceBody, { ...good, toString: 1 }, ['/toString unknown-field']],
    [QuarterlyReferenceBody, JSON.parse('{"period":"2021-Q1","__proto__":{"jobs":1}}'), ['/__proto__ unknown-field']],
    [QuarterlyReferenceBody, { ...good, 'a/b~c': 1 }, ['/a~1b~0c unknown-field']],
    [
      QuarterlyReferenceBody,
      { ...good, location: { region: '5', address: ' ' } },
      ['/location/region region-malformed', '/location/address not-a-text'],
    ],
    [QuarterlyReferenceBody, { ...good, location: 'x' }, ['/location not-an-object']],
    [
      QuarterlyReferenceBody,
      { ...good, location: { region: '55', address: 'a', x: 1 } },
      ['/location/x unknown-field'],
    ],
    [
      QuarterlyReferenceBody,
      { ...good, location: { region: '55', address: 'a\u0000' } },
      ['/location/address not-a-text'],
    ],
    [
      QuarterlyReferenceBody,
      { ...good, location: { region: '55', address: 'a\ud800' } },
      ['/location/address not-a-text'],
    ],
    [
      QuarterlyReferenceBody,
      { ...good, location: { region: '55', address: 'a'.repeat(301) } },
      ['/location/address not-a-text'],
    ],
    [PlannedConstructionBody, { bankIban: 'KZ86125KZT5004100101' }, ['/bankIban iban-malformed']],
    [PlannedConstructionBody, { bankBic: 'x' }, ['/bankBic bic-malformed']],
    [PlannedConstructionBody, { equipmentInvestmentKzt: '1.5' }, ['/equipmentInvestmentKzt not-whole-tenge']],
    [OperatorBody, { bin: '940140000386', name: 'x', language: 'kk' }, ['/bin bin-malformed']],
    [
      OperatorBody,
      { bin: '940140000385', name: 'x', language: 'kk', contacts: { emails: ['x'] } },
      ['/contacts/emails not-a-mail-address'],
    ],
    [
      OperatorBody,
      { bin: '940140000385', name: 'x', language: 'kk', contacts: { emails: ['a@b.kz\r\nBcc: c@d.kz'] } },
      ['/contacts/emails not-a-mail-address'],
    ],
    [
      OperatorBody,
      { bin: '940140000385', name: 'x', language: 'kk', contacts: { phones: 1 } },
      ['/contacts/phones not-a-list'],
    ],
    [CalendarCorrectionBody, { version: '2', reason: 'r', changes: [] }, ['/changes too-few']],
    [
      CalendarCorrectionBody,
      {
        version: '2',
        reason: 'r',
        changes: [
          { date: '2021-01-01', kind: 'holiday', name: 'n' },
          { date: 'x', kind: 'holiday', name: 'n' },
        ],
      },
      ['/changes/1/date not-a-day'],
    ],
    [
      CalendarCorrectionBody,
      { version: '2', reason: 'r', changes: [1, 'x', null, [[]]] },
      [0, 1, 2, 3].map((n) => `/changes/${n} not-an-object`),
    ],
  ])('of %p given as %j is refused with %j', (shape, given, expected) => {
    expect(faultsOf(shape, given)).toEqual(expected);
  });

  it.each([
    ['scan.pdf', 'scan.pdf'],
    ['C:\\Users\\x\\scan.pdf', 'scan.pdf'],
    ['C:\\fakepath/scan.pdf', 'scan.pdf'],
    ['../../etc/passwd', 'passwd'],
    [`${'folder/'.repeat(100)}scan.pdf`, 'scan.pdf'],
    ['/tel +77011234567/.Өтініш 1.pdf'.normalize('NFD'), '.Өтініш 1.pdf'.normalize('NFC')],
  ])('has of the path %j the name of the file', (name, kept) => {
    expect(read(DocumentNameQuery, { name })).toEqual({ value: { name: kept } });
  });

  it.each([
    '',
    ' ',
    '/',
    'folder/',
    'C:\\',
    'folder\\ ',
    '.',
    'folder/..',
    'a\u0000b.pdf',
    'a\u0000/b.pdf',
    'a\r\n/b.pdf',
    `${'a'.repeat(201)}.pdf`,
    'KZ86125KZT5004100100.pdf',
  ])('has no file named by %j', (name) => {
    expect(faultsOf(DocumentNameQuery, { name })).toEqual(['/name not-a-text']);
  });

  it('with thousands of unknown names is refused with a short list', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`f${n}`, 1]));
    expect(faultsOf(QuarterlyReferenceBody, many).length).toBeLessThanOrEqual(50);
  });
});
