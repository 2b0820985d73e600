import { writeFileSync, readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { openHouse } from '#libs/assembly';
import type { WrittenFact } from '#libs/event-store';
import { dayAt, systemClock } from '#libs/kernel';
import { loadConfig } from '#libs/platform';
import { startKurrentDouble, type KurrentDouble } from '../../libs/event-store/test-support/kurrentdb-double/index.js';
import { checkEffects, checkOrder, checkReadModels } from '../../test/support/invariants.js';
import { backupCommand } from './commands/backup.js';
import { reportCommand } from './commands/report.js';
import { restoreCommand } from './commands/restore.js';
import {
  ask,
  eventually,
  operatorBin,
  plannedConstruction,
  quarterly,
  TestHouses,
  writtenIn,
  type Place,
} from './testing/test-houses.js';

jest.setTimeout(300_000);

const today = dayAt(systemClock.now(), 'Asia/Almaty');
const passphrase = 'a passphrase of many words';

describe('a house whose log is on KurrentDB', () => {
  let houses: TestHouses;
  let keys: { readonly [role: string]: string };
  let before: WrittenFact[];
  let sentBefore: number;
  const doubles: KurrentDouble[] = [];
  const inDir = (name: string) => houses.inDir(name);

  /** Another KurrentDB that knows nothing, and tables beside it. */
  async function newPlace(): Promise<Required<Place>> {
    const double = await startKurrentDouble();
    doubles.push(double);
    return { eventStore: double.url, database: await houses.createDatabase() };
  }
  async function reportsOf(home: string): Promise<Buffer[]> {
    const files = ['obligations', 'notices'] as const;
    for (const what of files)
      expect(await reportCommand(what, { asOf: today, out: inDir(`${home}-${what}.csv`) })).toBe(0);
    return files.map((what) => readFileSync(inDir(`${home}-${what}.csv`)));
  }
  const textsOf = (facts: readonly WrittenFact[]) => facts.map(({ text }) => text);

  beforeAll(async () => {
    houses = await TestHouses.create();
    writeFileSync(inDir('passphrase'), `${passphrase}\n`);
  });
  afterAll(async () => {
    await houses.close();
    await Promise.all(doubles.map((double) => double.stop()));
  });

  let first: Place;
  let reports: Buffer[];

  it('is backed up while it is served, and at rest', async () => {
    first = await newPlace();
    const server = await houses.serve('first', first);
    keys = houses.keysOf('first');
    const api = `${server.url}/api/v1`;
    const operator = { bin: operatorBin, name: 'Qadaga Data', language: 'en' };
    expect(await ask(`${api}/operators`, keys['registrar']!, operator)).toMatchObject({ status: 201 });
    const filed = await ask(`${api}/planned-constructions`, keys['operator']!, plannedConstruction);
    expect(filed.status).toBe(201);
    await eventually('its notice is taken', () => houses.body.taken.size === 1);
    // From here on the energy body takes nothing: what is filed now stays owed.
    houses.body.answer = () => 503;
    for (let n = 0; n < 5; n++)
      expect(await ask(`${api}/quarterly-references`, keys['operator']!, quarterly(`Q-${n}`))).toMatchObject({
        status: 201,
      });
    expect(await backupCommand({ out: inDir('busy.tar.gz') })).toBe(0);
    await houses.stop(server);
    expect(
      await backupCommand({ out: inDir('quiet.tar.gz'), withMasterKey: true, passphraseFile: inDir('passphrase') }),
    ).toBe(0);
    reports = await reportsOf('first');
    const opened = await openHouse(loadConfig(), { projector: false });
    before = await writtenIn(opened.store);
    await opened.close();
    sentBefore = before.filter(({ type }) => type === 'NoticeDelivered').length;
    expect(sentBefore).toBe(1);
  });

  it('is not restored onto a log that holds facts', async () => {
    houses.live('full', { eventStore: first.eventStore!, database: await houses.createDatabase() });
    const flags = { passphraseFile: inDir('passphrase') };
    await expect(restoreCommand(inDir('quiet.tar.gz'), flags)).rejects.toThrow('the log holds facts already');
  });

  it('is restored onto another KurrentDB, also when that was refused half-way, and owes what it owed', async () => {
    const place = await newPlace();
    const { faults } = doubles.at(-1)!;
    houses.live('second', place);
    const flags = { passphraseFile: inDir('passphrase') };
    faults.often(1, { kind: 'failed', code: status.UNAUTHENTICATED }, () => 0);
    await expect(restoreCommand(inDir('quiet.tar.gz'), flags)).rejects.toThrow('UNAUTHENTICATED');
    faults.clear();
    await expect(openHouse(loadConfig(), { projector: false })).rejects.toThrow('was broken off here');
    expect(await restoreCommand(inDir('quiet.tar.gz'), flags)).toBe(0);
    await expect(restoreCommand(inDir('quiet.tar.gz'), flags)).rejects.toThrow('needs an empty home');
    expect(await reportsOf('second')).toEqual(reports);

    houses.body.answer = () => 200;
    const tried = houses.body.posts.all.length;
    const server = await houses.serve('second', place);
    const { store, pool, readModels } = server.opened;
    expect(textsOf((await writtenIn(store)).slice(0, before.length))).toEqual(textsOf(before));
    const fresh = await ask(`${server.url}/api/v1/quarterly-references`, keys['operator']!, quarterly('NEW-1'));
    expect(fresh.status).toBe(201);
    expect(textsOf(before).filter((text) => text.includes(fresh.body.journalNo))).toEqual([]);
    const typed = async (type: string) => (await writtenIn(store)).filter((fact) => fact.type === type).length;
    await eventually('what was owed is delivered', async () => (await typed('NoticeDelivered')) === 7);
    const taken = houses.body.posts.all.slice(tried).map(({ key }) => key);
    expect([taken.length, new Set(taken).size]).toEqual([6, 6]);
    await server.opened.catchUp();
    expect(await checkOrder(store, false)).toEqual([]);
    expect(await checkEffects(store)).toEqual([]);
    expect(await checkReadModels(pool, () => readModels.rebuild())).toEqual([]);
    await houses.stop(server);
  });

  it('is restored into a home that keeps its log in PostgreSQL, fact for fact', async () => {
    houses.live('third');
    expect(await restoreCommand(inDir('quiet.tar.gz'), { passphraseFile: inDir('passphrase') })).toBe(0);
    expect(await reportsOf('third')).toEqual(reports);
    const opened = await openHouse(loadConfig(), { projector: false });
    expect(textsOf(await writtenIn(opened.store))).toEqual(textsOf(before));
    await opened.close();
  });
});
