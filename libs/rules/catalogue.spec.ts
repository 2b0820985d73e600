import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { canonicalJson, plainDate } from '#libs/kernel';
import { isWorkingDay, nonWorkingReason, regionOn, regionsOn } from '#libs/domain';
import { defaultRuleSetId, inForceOn, loadRules, rulesDataDir, RulesDataError } from './index.js';

const day = plainDate;

describe('the catalogue of the rules', () => {
  const catalogue = loadRules();

  it('has the two editions, the default without an end', () => {
    expect(catalogue.ruleSets.map(({ id }) => id)).toEqual(['kz-384-2020', 'kz-384-open']);
    const historical = catalogue.ruleSet('kz-384-2020');
    expect(historical.inForce).toMatchObject({ from: '2020-10-27', to: '2023-06-03' });
    expect(inForceOn(historical, day('2023-06-04'))).toBe(false);
    expect(catalogue.ruleSet(defaultRuleSetId).inForce).toEqual({ from: '2020-10-27' });
  });

  it('has the same duties in both', () => {
    const {
      id: _id,
      hash: _hash,
      title: _title,
      citation: _citation,
      inForce: _inForce,
      why,
      ...duties
    } = catalogue.ruleSet('kz-384-2020');
    expect(catalogue.ruleSet('kz-384-open')).toMatchObject(duties);
    expect(Object.keys(catalogue.ruleSet('kz-384-open').why)).toEqual(Object.keys(why));
  });

  it('names what it knows when asked for what it does not', () => {
    expect(() => catalogue.ruleSet('kz-385')).toThrow('there is no rule set "kz-385"; known: kz-384-2020, kz-384-open');
    expect(() => catalogue.calendar('ru')).toThrow('there is no calendar "ru"; known: kz');
    expect(catalogue.findRuleSet('kz-385')).toBeUndefined();
    expect(catalogue.findCalendar('kz')?.id).toBe('kz');
  });

  it('gives every rule set a hash that a setting changes and that is the same at every start', () => {
    const hashes = catalogue.ruleSets.map(({ hash }) => hash);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(hashes).size).toBe(2);
    expect(loadRules().ruleSets.map(({ hash }) => hash)).toEqual(hashes);
    const file: unknown = JSON.parse(readFileSync(path.join(rulesDataDir(), 'kz-384-2020.json'), 'utf8'));
    expect(createHash('sha256').update(canonicalJson(file)).digest('hex')).toBe(hashes[0]);
    const set = loadRules({ inForceFrom: { 'kz-384-2020': day('2020-10-31') } });
    expect(set.ruleSet('kz-384-2020').inForce).toMatchObject({ from: '2020-10-31', to: '2023-06-03' });
    expect(set.ruleSet('kz-384-2020').hash).not.toBe(hashes[0]);
    expect(set.ruleSet('kz-384-open').hash).toBe(hashes[1]);
    expect(() => loadRules({ inForceFrom: { 'kz-385': day('2020-10-31') } })).toThrow('there is no rule set "kz-385"');
  });

  it('joins the calendar read from decrees and the computed one, and marks the second', () => {
    const calendar = catalogue.calendar('kz');
    expect(calendar).toMatchObject({
      version: '2023-06-03+computed-1',
      weekend: [6, 7],
      computedOutside: { from: '2020-10-01', to: '2023-12-31' },
      covers: { from: '2019-01-01', to: '2040-12-31' },
    });
    expect(isWorkingDay(calendar, day('2022-10-22'))).toBe(true);
    expect(nonWorkingReason(calendar, day('2022-10-25'))).toEqual({ kind: 'holiday', name: 'Republic Day' });
    expect(nonWorkingReason(calendar, day('2024-07-08'))).toEqual({
      kind: 'moved_day_off',
      name: 'for Sat 2024-07-06',
      computed: true,
    });
  });

  it('knows the regions of the day and their clocks', () => {
    const codes = (on: string) => regionsOn(catalogue.regions, day(on)).map(({ code }) => code);
    expect(codes('2020-10-27').join(' ')).toBe('11 15 19 23 27 31 35 39 43 47 55 59 61 63 71 75 79');
    expect(codes('2022-06-07')).toHaveLength(17);
    expect(codes('2022-06-08').join(' ')).toBe('10 11 15 19 23 27 31 33 35 39 43 47 55 59 61 62 63 71 75 79');
    expect(regionOn(catalogue.regions, '62', day('2022-06-08'))).toMatchObject({
      from: '35',
      name: { en: 'Ulytau Region' },
    });
    const western = catalogue.regions.regions.filter(({ zone }) => !['Asia/Almaty', 'Asia/Qostanay'].includes(zone));
    expect(western.map(({ code, zone }) => `${code} ${zone}`)).toEqual([
      '15 Asia/Aqtobe',
      '23 Asia/Atyrau',
      '27 Asia/Oral',
      '43 Asia/Qyzylorda',
      '47 Asia/Aqtau',
    ]);
  });

  it('finds its data from the compiled tree as well', () => {
    const data = rulesDataDir();
    expect(rulesDataDir(path.join(data, '..', '..', '..', 'dist', 'libs', 'rules'))).toBe(data);
    expect(() => rulesDataDir(tmpdir())).toThrow('no libs/rules/data');
  });
});

describe('a data file that is wrong stops the start and is named with its field', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'qadaga-rules-'));
    cpSync(rulesDataDir(), dir, { recursive: true });
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const edit = (file: string, change: (text: string) => string) => {
    const before = readFileSync(path.join(dir, file), 'utf8');
    const after = change(before);
    expect(after).not.toBe(before);
    writeFileSync(path.join(dir, file), after);
  };
  const fault = (): string => {
    try {
      loadRules({ dir });
    } catch (error) {
      expect(error).toBeInstanceOf(RulesDataError);
      return (error as RulesDataError).message;
    }
    return 'no fault';
  };

  it('finds no fault in a copy', () => {
    expect(fault()).toBe('no fault');
  });

  it.each([
    ['"sanctions": "none"', '"sanctions": "none", "fines": 5', 'fines: unknown field'],
    ['"sanctions": "none",', '', 'sanctions: missing'],
    ['"days": 30,', '"days": "30",', 'plannedConstruction.days: a whole number from 1 to 366 is needed, not "30"'],
    ['"days": 30,', '"days": 0,', 'plannedConstruction.days: a whole number from 1 to 366 is needed, not 0'],
    [
      '"from": "2020-10-27"',
      '"from": "2021-02-30"',
      'inForce.from: an existing day YYYY-MM-DD is needed, not "2021-02-30"',
    ],
    ['"to": "2023-06-03"', '"to": "2020-06-03"', 'inForce.to: 2020-06-03 is before inForce.from, 2020-10-27'],
    ['"firstPeriod": "2020-Q4"', '"firstPeriod": "2020-Q5"', 'firstPeriod: a quarter YYYY-Qn is needed, not "2020-Q5"'],
    ['"zone": "Asia/Almaty"', '"zone": "Asia/Almata"', 'zone: "Asia/Almata" is no zone of the tz data at hand'],
    ['"roll": "none"', '"roll": "next-working-day"', 'plannedConstruction.roll: a term counted back never rolls'],
    [
      '"roll": "none"',
      '"roll": "back"',
      'plannedConstruction.roll: one of "none", "next-working-day" is needed, not "back"',
    ],
    [
      '"dayItselfCounts": true',
      '"dayItselfCounts": "yes"',
      'quarterlyReference.dayItselfCounts: true or false is needed',
    ],
    ['"terminationPowerMw": "0"', '"terminationPowerMw": 0', 'notice.terminationPowerMw: a plain decimal in quotes'],
    ['"quarterly_reference",', '"termination",', 'notice.triggers: "termination" stands twice'],
    ['"day": -5', '"day": -6', 'ladder.operator[1].day: the step before-5 stands on day -5'],
    ['"hours": 24', '"hours": 25', 'ladder.authority[0].hours: the step 24h has hours 24'],
    ['"registration": "What', '"registrations": "What', 'why.registration: missing: a reading must give its reason'],
    ['"calendarId": "kz"', '"calendarId": "ru"', 'calendarId: there is no calendar ru'],
    ['"id": "kz-384-2020"', '"id": "kz-385"', 'id: the file of rule set kz-385 is kz-385.json'],
    ['"title"', 'title', 'cannot be read as JSON'],
  ])('rule set, %s made %s', (from, to, message) => {
    edit('kz-384-2020.json', (text) => text.replace(from, to));
    expect(fault()).toContain(`kz-384-2020.json: ${message}`);
  });

  it.each([
    ['calendar-kz.json', '"2020-12-16"', '"2020-12-32"', 'days[1].date: an existing day'],
    ['calendar-kz.json', '"2020-12-16"', '"2020-12-01"', 'days[1].date: 2020-12-01 does not follow 2020-12-01'],
    [
      'calendar-kz.json',
      '"2020-12-01"',
      '"2020-09-30"',
      'days[0].date: 2020-09-30 is outside 2020-10-01 to 2023-12-31',
    ],
    ['calendar-kz.json', '"holiday"', '"working_weekend"', 'days[0].date: 2020-12-01 is no weekend day'],
    ['calendar-kz.json', '"saturday"', '"Saturday"', 'weekend[0]: one of'],
    ['calendar-kz.json', '"saturday"', '"sunday"', 'weekend: a day stands twice'],
    [
      'calendar-kz-computed.json',
      '"computed": true',
      '"computed": false',
      'calendar: calendar-kz-computed.json is calendar kz already',
    ],
    ['calendar-kz-computed.json', '"2024-01-01"', '"2023-12-31"', 'is in the period that calendar-kz.json speaks for'],
    ['regions-kato.json', '"63"', '"64"', 'regions[0].from: there is no region 64'],
    [
      'regions-kato.json',
      '"validTo": "2022-09-16"',
      '"validTo": "2022-09-18"',
      'validFrom: region 71 has an entry for that day already',
    ],
    ['regions-kato.json', '"code": "11"', '"code": "011"', 'regions[1].code: two digits are needed'],
  ])('%s, %s made %s', (file, from, to, message) => {
    edit(file, (text) => text.replace(from, to));
    expect(fault()).toContain(message);
  });

  it('a missing file of regions', () => {
    rmSync(path.join(dir, 'regions-kato.json'));
    expect(fault()).toBe('regions-*.json: missing');
  });

  it('a second calendar that says the same id', () => {
    cpSync(path.join(dir, 'calendar-kz.json'), path.join(dir, 'calendar-kz-other.json'));
    expect(fault()).toContain('calendar: calendar-kz-other.json is calendar kz already');
  });
});
