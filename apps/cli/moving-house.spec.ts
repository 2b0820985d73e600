import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openHouse, openLogAt } from '#libs/assembly';
import type { WrittenFact } from '#libs/event-store';
import { addDays, dayAt, drawUuid, systemClock } from '#libs/kernel';
import { loadConfig } from '#libs/platform';
import type { TestDatabase } from '../../libs/embedded/testing.js';
import { checkEffects, checkOrder, checkReadModels, dumpReadModels } from '../../test/support/invariants.js';
import { backupCommand } from './commands/backup.js';
import { copyLogCommand } from './commands/copy-log.js';
import { reportCommand } from './commands/report.js';
import { restoreCommand } from './commands/restore.js';
import { urlOf } from '../../test/support/deployment.js';
import {
  ask,
  eventually,
  iban,
  operatorBin,
  plannedConstruction,
  quarterly,
  TestHouses,
  writtenIn,
  type Told,
} from './testing/test-houses.js';

jest.setTimeout(300_000);

const today = dayAt(systemClock.now(), 'Asia/Almaty');
const mail = 'office@qadaga.kz';
const phone = '+77015550102';
const secrets = [iban, mail, phone, 'qdg_', 'a scan of an annex'];
const passphrase = 'a passphrase of many words';

let houses: TestHouses;
let body: TestHouses['body'];
const databases: TestDatabase[] = [];
const inDir = (name: string) => houses.inDir(name);

const numbersIn = (facts: readonly WrittenFact[]): Set<string> =>
  new Set(facts.flatMap(({ text }) => [...text.matchAll(/Q[JCN]-\d{4}-\d{6}/g)].map(([number]) => number)));

beforeAll(async () => {
  houses = await TestHouses.create();
  body = houses.body;
  writeFileSync(inDir('passphrase'), `${passphrase}\n`);
});
afterAll(() => houses.close());

describe('a house that is lost and restored', () => {
  let keys: { readonly [role: string]: string };
  let appeal: string;
  let receipt: Told;
  let before: WrittenFact[];
  const scan = Buffer.from('%PDF-1.7 a scan of an annex');
  let scanUrl: string;

  it('is lived in, and backed up while writers go on', async () => {
    const server = await houses.serve('first');
    keys = houses.keysOf('first');
    const api = `${server.url}/api/v1`;
    const operator = {
      bin: operatorBin,
      name: 'Qadaga Data',
      language: 'en',
      contacts: { emails: [mail], phones: [phone] },
    };
    expect(await ask(`${api}/operators`, keys['registrar']!, operator)).toMatchObject({ status: 201 });
    const filed = await ask(`${api}/planned-constructions`, keys['operator']!, plannedConstruction);
    expect(filed.status).toBe(201);
    appeal = filed.body.filingId;
    const attached = await fetch(`${api}/filings/${appeal}/documents?name=a.pdf`, {
      method: 'POST',
      headers: { 'x-api-key': keys['operator']!, 'idempotency-key': drawUuid(), 'content-type': 'application/pdf' },
      body: scan,
    });
    expect(attached.status).toBe(201);
    scanUrl = attached.headers.get('location')!;
    for (let n = 0; n < 5; n++)
      expect(await ask(`${api}/quarterly-references`, keys['operator']!, quarterly(`Q-${n}`))).toMatchObject({
        status: 201,
      });
    await eventually('six notices are taken', () => body.taken.size === 6);
    await eventually(
      'six deliveries are recorded',
      async () => (await writtenIn(server.opened.store)).filter(({ type }) => type === 'NoticeDelivered').length === 6,
    );
    // From here on the energy body takes nothing: what is filed now stays owed.
    body.answer = () => 503;
    let writing = true;
    let filings = 0;
    const writers = [0, 1, 2].map(async (writer) => {
      for (let n = 0; writing; n++) {
        const { status } = await ask(`${api}/quarterly-references`, keys['operator']!, quarterly(`W-${writer}-${n}`));
        expect(status).toBe(201);
        filings++;
      }
    });
    await eventually('the writers write', () => filings > 20);
    expect(await backupCommand({ out: inDir('busy.tar.gz') })).toBe(0);
    const during = filings;
    await eventually('the writers go on', () => filings > during + 10);
    writing = false;
    await Promise.all(writers);
    receipt = await ask(`${api}/filings/${appeal}/receipt`, keys['operator']!);
    expect(receipt.body.bank.salt).toMatch(/^[0-9a-f]{64}$/);
    await houses.stop(server);
    expect(
      await backupCommand({ out: inDir('quiet.tar.gz'), withMasterKey: true, passphraseFile: inDir('passphrase') }),
    ).toBe(0);
    expect(await reportCommand('obligations', { asOf: today, out: inDir('obligations-1.csv') })).toBe(0);
    expect(await reportCommand('notices', { asOf: today, out: inDir('notices-1.csv') })).toBe(0);
    // What is to come is known to nobody.
    const tomorrow = addDays(dayAt(systemClock.now(), 'Asia/Almaty'), 1);
    for (const what of ['obligations', 'notices'] as const)
      await expect(reportCommand(what, { asOf: tomorrow, out: inDir('tomorrow.csv') })).rejects.toMatchObject({
        message: expect.stringContaining(`what happens until ${tomorrow} is not known yet`),
        exitCode: 2,
      });
    expect(existsSync(inDir('tomorrow.csv'))).toBe(false);
    const log = await openLogAt(inDir('first'));
    before = await writtenIn(log.store);
    await log.close();
  });

  it('has archives that hold no account, no contact, no API key and no master key in the clear', () => {
    const master = readFileSync(path.join(inDir('first'), 'secrets', 'master.key'), 'utf8').trim();
    const all = [...secrets, ...Object.values(keys), master, Buffer.from(master, 'hex').toString('base64'), passphrase];
    for (const name of ['busy.tar.gz', 'quiet.tar.gz']) {
      const bytes = gunzipSync(readFileSync(inDir(name)));
      expect(all.filter((secret) => bytes.includes(secret))).toEqual([]);
      expect(bytes.includes(Buffer.from(master, 'hex'))).toBe(false);
      expect(bytes.includes('QuarterlyReferenceFiled')).toBe(true);
    }
  });

  it('is restored into a new home from the backup that was taken under load, and serves', async () => {
    copyFileSync(path.join(inDir('first'), 'secrets', 'master.key'), inDir('kept.key'));
    chmodSync(inDir('kept.key'), 0o600);
    rmSync(inDir('first'), { recursive: true });
    houses.live('second');
    await expect(restoreCommand(inDir('busy.tar.gz'), {})).rejects.toThrow('--master-key FILE');
    expect(await restoreCommand(inDir('busy.tar.gz'), { masterKey: inDir('kept.key') })).toBe(0);

    const log = await openLogAt(inDir('second'));
    const restored = await writtenIn(log.store);
    await log.close();
    expect(restored.length).toBeGreaterThan(50);
    expect(restored.length).toBeLessThan(before.length);
    expect(restored.map(({ text }) => text)).toEqual(before.slice(0, restored.length).map(({ text }) => text));

    body.answer = () => 200;
    const posts = body.posts;
    const tried = posts.all.length;
    const server = await houses.serve('second');
    const api = `${server.url}/api/v1`;
    expect(readdirSync(inDir('second'))).not.toContain('api-keys.txt');
    const again = await ask(`${api}/filings/${appeal}/receipt`, keys['operator']!);
    expect(again).toEqual(receipt);
    const kept = await fetch(`${server.url}${scanUrl}`, { headers: { 'x-api-key': keys['operator']! } });
    expect(Buffer.from(await kept.arrayBuffer()).equals(scan)).toBe(true);
    const fresh = await ask(`${api}/quarterly-references`, keys['operator']!, quarterly('NEW-1'));
    expect(fresh.status).toBe(201);
    expect([...numbersIn(before)].filter((number) => number === fresh.body.journalNo)).toEqual([]);

    const { store } = server.opened;
    const issued = async () => (await writtenIn(store)).filter(({ type }) => type === 'NoticeIssued');
    const delivered = async () => (await writtenIn(store)).filter(({ type }) => type === 'NoticeDelivered');
    const filings = async () => (await writtenIn(store)).filter(({ type }) => type.endsWith('Filed'));
    await eventually('every filing has its notice, delivered', async () => {
      const count = (await filings()).length;
      return (await issued()).length === count && (await delivered()).length === count;
    });
    const takenNow = posts.all.slice(tried).map(({ key }) => key);
    const sentBefore = restored.filter(({ type }) => type === 'NoticeDelivered').map(({ stream }) => stream.slice(7));
    expect(sentBefore).toHaveLength(6);
    expect(takenNow.filter((key) => sentBefore.includes(key))).toEqual([]);
    expect(new Set(takenNow).size).toBe(takenNow.length);
    expect(takenNow.length).toBe((await issued()).length - 6);

    const { pool, readModels } = server.opened;
    await server.opened.catchUp();
    expect(await checkOrder(store)).toEqual([]);
    expect(await checkEffects(store)).toEqual([]);
    expect(await checkReadModels(pool, () => readModels.rebuild())).toEqual([]);
    await houses.stop(server);
  });

  it('is restored into a server PostgreSQL from the last backup, with the same reports, byte for byte', async () => {
    const database = await houses.createDatabase();
    databases.push(database);
    houses.live('third', { database });
    const passphraseFile = inDir('passphrase');
    writeFileSync(inDir('other'), 'quite another passphrase');
    await expect(restoreCommand(inDir('quiet.tar.gz'), { passphraseFile: inDir('other') })).rejects.toThrow(
      'not the passphrase',
    );
    expect(await restoreCommand(inDir('quiet.tar.gz'), { passphraseFile })).toBe(0);
    expect(await reportCommand('obligations', { asOf: today, out: inDir('obligations-3.csv') })).toBe(0);
    expect(await reportCommand('notices', { asOf: today, out: inDir('notices-3.csv') })).toBe(0);
    for (const what of ['obligations', 'notices']) {
      const [was, is] = [readFileSync(inDir(`${what}-1.csv`)), readFileSync(inDir(`${what}-3.csv`))];
      expect(was.length).toBeGreaterThan(1_000);
      expect(is.equals(was)).toBe(true);
    }
    const opened = await openHouse(loadConfig(), { projector: false });
    expect((await writtenIn(opened.store)).map(({ text }) => text)).toEqual(before.map(({ text }) => text));
    expect((await dumpReadModels(opened.pool)).get('filing')!.length).toBeGreaterThan(30);
    await opened.close();
    await expect(restoreCommand(inDir('quiet.tar.gz'), { passphraseFile })).rejects.toThrow('needs an empty home');
  });

  it('has its log copied from the home to a server PostgreSQL, and on', async () => {
    const database = await houses.createDatabase();
    databases.push(database);
    const to = { from: inDir('second'), to: urlOf(database.app) };
    await expect(copyLogCommand(to)).rejects.toThrow('has no log yet');
    await expect(copyLogCommand({ from: inDir('no-home'), to: to.to })).rejects.toThrow('is no home of a Qadaga');
    expect(await copyLogCommand({ ...to, toOwner: urlOf(database.owner) })).toBe(0);
    expect(houses.words.at(-1)).toMatch(/facts are in both logs; SHA-256 of both [0-9a-f]{64}/);
    expect(await copyLogCommand(to)).toBe(0);
    expect(houses.words.at(-1)).toMatch(/were there already/);
    await expect(copyLogCommand({ from: to.to, to: urlOf(databases[0]!.app) })).rejects.toThrow(/of the target is/);
  });

  it('lets its tables go by the copy, when nobody serves it', async () => {
    const [third] = databases;
    const flags = { from: urlOf(third!.app), to: inDir('fourth'), takeOver: true };
    const server = await houses.serve('fourth');
    await houses.stop(server);
    const serving = await houses.serve('third', { database: third! });
    await expect(copyLogCommand(flags)).rejects.toThrow(/stop it first|still writes to it/);
    await houses.stop(serving);
    const opened = await openHouse(loadConfig(houses.live('third', { database: third! })), { projector: true });
    await opened.catchUp();
    const before = await dumpReadModels(opened.pool);
    await opened.close();
    expect(await copyLogCommand(flags)).toBe(0);
    const after = await openHouse(loadConfig(), { projector: false });
    expect([...(await dumpReadModels(after.pool)).values()].flat()).toEqual([]);
    await after.readModels.rebuild();
    expect(await dumpReadModels(after.pool)).toEqual(before);
    expect((await after.pool.query('select position from engine.checkpoint')).rowCount).toBe(1);
    await after.close();
  });
});
