import { migrateSchema } from '#libs/assembly';
import type { KeyEntry } from '#libs/identity';
import {
  bindKeysCommand,
  issueKeyCommand,
  listKeysCommand,
  revokeKeyCommand,
  type IssueFlags,
} from './commands/keys.js';
import { ask, operatorBin, TestHouses } from './testing/test-houses.js';

jest.setTimeout(120_000);

const otherBin = '970740000838';
let houses: TestHouses;
let out: string[];
const words = () => houses.words.join('');
beforeAll(async () => {
  houses = await TestHouses.create();
});
afterAll(() => houses.close());
beforeEach(() => {
  houses.words.length = 0;
  out = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
});

async function issue(flags: Partial<IssueFlags>): Promise<string> {
  out.length = 0;
  expect(await issueKeyCommand({ role: 'auditor', label: 'x', ...flags })).toBe(0);
  expect(out.join('')).toMatch(/^qdg_[a-z-]+_[\w-]{43}\n$/);
  return out.join('').trim();
}
async function listed(): Promise<readonly KeyEntry[]> {
  out.length = 0;
  expect(await listKeysCommand({ json: true })).toBe(0);
  return JSON.parse(out.join('')) as readonly KeyEntry[];
}
const labelled = async (label: string) => (await listed()).find((one) => one.label === label)!;

describe('keys of a home that is served', () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await houses.serve('served'));
    url += '/api/v1';
  });

  it('are issued, shown once and alone on stdout, and work', async () => {
    const key = await issue({ role: 'operator', bin: otherBin, label: 'ERP of TOO Primer' });
    expect(words()).toMatch(/this is key [0-9a-f-]{36} of account [0-9a-f-]{36}; it is not shown again/);
    expect(words()).not.toContain(key);
    const operator = { bin: otherBin, name: 'ТОО «Пример»', language: 'ru' };
    expect((await ask(`${url}/operators`, key, operator)).status).toBe(201);
    expect(await labelled('ERP of TOO Primer')).toMatchObject({
      role: 'operator',
      operatorBin: otherBin,
      issuedBy: 'command-line',
    });
    out.length = 0;
    await listKeysCommand({});
    const table = out.join('');
    expect(table).toMatch(/^key +account +role +BIN +issued +last used +revoked +label\n/);
    expect(table).toMatch(new RegExp(`operator +${otherBin} +\\S+ +\\S+ +- +ERP of TOO Primer\\n`));
    expect(table + JSON.stringify(await listed())).not.toContain(key.slice(-43));
  });

  it('are revoked', async () => {
    const key = await issue({ label: 'lost' });
    const { keyId } = await labelled('lost');
    expect(await revokeKeyCommand(keyId)).toBe(0);
    expect(await labelled('lost')).toMatchObject({ revokedBy: 'command-line' });
    expect((await ask(`${url}/cases`, key)).status).toBe(401);
  });

  it('are bound later, with all of the account', async () => {
    const key = await issue({ role: 'operator', label: 'later' });
    const { accountId } = await labelled('later');
    expect(words()).toContain(`keys bind ${accountId} --bin BIN`);
    await issue({ role: 'operator', label: 'its second', account: accountId });
    expect(await bindKeysCommand(accountId, { bin: operatorBin })).toBe(0);
    expect(await labelled('its second')).toMatchObject({ accountId, operatorBin, boundBy: 'command-line' });
    expect((await ask(`${url}/cases`, key)).status).toBe(200);
    await expect(bindKeysCommand(accountId, { bin: otherBin })).rejects.toThrow('belongs to another operator');
  });

  it('are given to an administrator who has none any more', async () => {
    const { keyId } = await labelled('first administrator');
    expect(await revokeKeyCommand(keyId)).toBe(0);
    expect(words()).toContain('no administrator has a key now');
    const key = await issue({ role: 'administrator', label: 'again' });
    expect((await ask(`${url}/api-keys`, key)).body.items.length).toBeGreaterThan(7);
  });

  it.each<[Partial<IssueFlags>, number, string]>([
    [{ role: 'system' }, 2, 'there is no role system; there are operator,'],
    [{ role: 'operator', bin: '940140000386' }, 2, '--bin takes a BIN'],
    [{ bin: operatorBin }, 1, 'only an operator has a BIN'],
    [{ label: ' ' }, 2, '--label must not be empty'],
    [{ label: 'of office@example.kz' }, 2, '--label holds'],
    [{ account: 'x' }, 2, 'x is not the id of an account'],
    [{ account: '6ba7b810-9dad-41d1-80b4-00c04fd430c8' }, 1, 'there is no such account'],
  ])('asked for with %j are refused with exit code %i', async (flags, exitCode, why) => {
    const asked = issueKeyCommand({ role: 'auditor', label: 'x', ...flags });
    await expect(asked).rejects.toMatchObject({ exitCode, message: expect.stringContaining(why) });
    expect(out).toEqual([]);
  });

  it('that are unknown are told as such', async () => {
    await expect(revokeKeyCommand('x')).rejects.toThrow('x is not the id of a key');
    await expect(revokeKeyCommand('6ba7b810-9dad-41d1-80b4-00c04fd430c8')).rejects.toMatchObject({
      exitCode: 1,
      message: 'there is no such API key',
    });
  });
});

describe('keys on a server PostgreSQL', () => {
  it("are issued with the application's user alone, before the first start too", async () => {
    const database = await houses.createDatabase();
    await migrateSchema(database.owner, database.app.user);
    houses.live('deployed', { database });
    delete process.env['QADAGA_DATABASE_OWNER_URL'];
    await issue({ role: 'administrator', label: 'the first' });
    expect(words()).toContain('the first start of the server will make none of its own');
    expect((await listed()).map(({ label }) => label)).toEqual(['the first']);
  });
});
