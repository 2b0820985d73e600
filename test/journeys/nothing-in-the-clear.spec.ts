import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { ibanFault } from '#libs/domain';
import { dayAt, instantOfMs } from '#libs/kernel';

jest.setTimeout(600_000);

/**
 * A whole home after a whole journey: a real server, its own PostgreSQL, a command line that joins it. Then every file of
 * the home, the text of every table and all that was logged are searched for every account number and every contact that
 * was ever said, whether taken or refused. The outbox alone is left out: a mail has to say whom it is for.
 */
const runner = path.resolve(__dirname, '../../libs/embedded/testing-run.mjs');
const program = (name: string) => path.resolve(__dirname, '../../apps', name);
const bin = '940140000385';
const said: Record<string, string> = {};

function iban(name: string): string {
  const account = Array.from({ length: 10 }, () => randomInt(10)).join('');
  for (let check = 2; check <= 98; check++) {
    const text = `KZ${String(check).padStart(2, '0')}125KZT${account}`;
    if (ibanFault(text) === undefined) return (said[name] = text);
  }
  throw new Error('every account number has check digits');
}
const mail = (name: string) => (said[name] = `geheim-${randomBytes(6).toString('hex')}@example.kz`);
const phone = (name: string) => (said[name] = `+7701${String(randomInt(10_000_000)).padStart(7, '0')}`);

/** What can be found only if the search works. */
const marker = `Marker-${randomBytes(8).toString('hex')}`;

/** The ways a text gets into a file: encodings, and how people and programs write it. */
function formsOf(text: string): Buffer[] {
  const utf8 = Buffer.from(text);
  const utf16 = Buffer.from(text, 'utf16le');
  const grouped = text.startsWith('KZ') ? [text.replace(/(.{4})(?=.)/g, '$1 ')] : [];
  // Of the three ways a text can lie in base64, what does not depend on its neighbours.
  const base64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), utf8])
      .toString('base64')
      .replace(/=+$/, '');
    return encoded.slice(shift === 0 ? 0 : 4, encoded.length - 2);
  });
  const texts = [text.toLowerCase(), encodeURIComponent(text), utf8.toString('hex'), ...grouped, ...base64];
  const shouted = utf8.toString('hex').toUpperCase();
  return [utf8, utf16, Buffer.from(utf16).swap16(), Buffer.from(shouted), ...texts.map((one) => Buffer.from(one))];
}

const found = (bytes: Buffer, what: string) => formsOf(what).some((form) => bytes.includes(form));

const home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-clear-'));
const outbox = path.join(home, 'outbox');
let server: ChildProcess;
let url: string;
let logged = '';

function run(name: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): ChildProcess {
  const env = { ...process.env, QADAGA_HOME: home, QADAGA_SWEEP_SECONDS: '1', QADAGA_LOG_LEVEL: 'trace', ...more };
  const child = spawn(process.execPath, [runner, program(name), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => (logged += text));
  return child;
}

async function until<T>(what: string, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + 200_000;
  for (;;) {
    const result = await probe();
    if (result !== undefined) return result;
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}\n${logged.slice(-2000)}`);
    await wait(100);
  }
}

type Json = ReturnType<typeof JSON.parse>;
interface Answer {
  readonly status: number;
  readonly body: Json;
}

async function ask(
  role: string,
  method: string,
  route: string,
  content?: unknown,
  headers: { readonly [name: string]: string } = {},
): Promise<Answer> {
  const isRaw = typeof content === 'string' || Buffer.isBuffer(content);
  const answer = await fetch(`${url}/api/v1/${route}`, {
    method,
    headers: {
      'x-api-key': keyOf(role),
      ...(method === 'GET' ? {} : { 'idempotency-key': randomUUID() }),
      ...(content === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: isRaw ? content : JSON.stringify(content) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

async function done(...request: Parameters<typeof ask>): Promise<Json> {
  const { status, body } = await ask(...request);
  if (status >= 300) throw new Error(`${request[2]}: ${status} ${JSON.stringify(body)}`);
  return body;
}

beforeAll(async () => {
  chmodSync(home, 0o711);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = run('standalone/main.ts', [], { PORT: String(port) });
  await until('the server', () =>
    fetch(`${url}/health/ready`).then(
      ({ status }) => (status === 200 ? true : undefined),
      () => undefined,
    ),
  );
});
afterAll(() => {
  server.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

/** The key of a role, from the file the first start wrote. */
const keyOf = (role: string) =>
  new RegExp(`^${role}\\s+(\\S+)`, 'm').exec(readFileSync(path.join(home, 'api-keys.txt'), 'utf8'))![1]!;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}

/** The quarter `back` quarters ago. */
function quarterAgo(back: number): string {
  const now = new Date();
  const index = now.getUTCFullYear() * 4 + Math.floor(now.getUTCMonth() / 3) - back;
  return `${Math.floor(index / 4)}-Q${(index % 4) + 1}`;
}

it('no fact, log line, queue payload or file holds an account number or a contact in the clear', async () => {
  const contacts = { emails: [mail('contact'), mail('second contact')], phones: [phone('contact phone')] };
  await done('registrar', 'POST', 'operators', { bin, name: 'ТОО «Пример»', language: 'ru', contacts });
  const newContacts = { emails: [mail('new contact')], phones: [phone('new phone')] };
  await done('registrar', 'PUT', `operators/${bin}`, { name: 'ТОО «Пример»', language: 'kk', contacts: newContacts });

  const appeal = {
    newCase: { operatorBin: bin, region: '55', address: `Екібастұз, ${marker}` },
    ...{ powerMw: '12.5', expansionMw: '40', equipmentInvestmentKzt: '900000000', bankBic: 'KZKOKZKX' },
    ...{ bankIban: iban('appeal'), designStartOn: '2035-03-01' },
  };
  const repeat = { 'idempotency-key': 'appeal-1' };
  const { filingId, caseId } = await done('operator', 'POST', 'planned-constructions', appeal, repeat);
  await done('operator', 'POST', 'planned-constructions', appeal, repeat);
  const reused = { ...appeal, bankIban: iban('reused key') };
  expect((await ask('operator', 'POST', 'planned-constructions', reused, repeat)).status).toBe(422);
  const corrected = { powerMw: '14', expansionMw: '40', bankIban: iban('correction'), bankBic: 'KZKOKZKX' };
  await done('operator', 'POST', `filings/${filingId}/corrections`, { ...corrected, reason: 'typing mistake' });
  await done(
    'operator',
    'POST',
    `filings/${filingId}/documents?name=annex.pdf`,
    Buffer.from(`%PDF-1.4 ${iban('annex')}`),
    {
      'content-type': 'application/pdf',
    },
  );
  await done('operator', 'GET', `filings/${filingId}/receipt`);
  const shown = await done('senior-officer', 'POST', `filings/${filingId}/bank-details/look`, { reason: 'Inquiry 14' });
  expect(JSON.stringify(shown)).toContain(said['correction']);

  // A centre that filed for a past quarter owes the ones since: misses, overdue alerts, mail.
  const reference = {
    caseId,
    period: quarterAgo(4),
    powerMw: '3',
    jobs: 2,
    channel: 'paper',
    receivedOn: '2021-02-03',
  };
  await done('registrar', 'POST', 'quarterly-references', reference);
  await until('a mail', () => (existsSync(outbox) ? readdirSync(outbox)[0] : undefined));
  const { items } = await until('a notice', async () => {
    const inbox = await done('energy-body', 'GET', 'inbox/notices');
    return inbox.items.length > 0 ? inbox : undefined;
  });
  const { noticeId } = items[0].document;
  await done('energy-body', 'POST', `notices/${noticeId}/acknowledgement`, {
    theirNumber: '77',
    theirDate: dayAt(instantOfMs(Date.now()), 'Asia/Almaty'),
  });

  const refused: readonly Parameters<typeof ask>[] = [
    ['case-officer', 'POST', `cases/${caseId}/notes`, { text: `account ${iban('note')}` }],
    ['case-officer', 'POST', `cases/${caseId}/notes`, { text: `write to ${mail('mail in a note')}` }],
    ['case-officer', 'POST', `cases/${caseId}/notes`, { text: `call ${phone('phone in a note')}` }],
    ['senior-officer', 'POST', `filings/${filingId}/bank-details/look`, { reason: iban('reason') }],
    ['registrar', 'POST', 'quarterly-references', { ...reference, journalNo: iban('journal number') }],
    ['operator', 'POST', 'planned-constructions', { ...appeal, [iban('field name')]: 1 }],
    ['operator', 'POST', 'planned-constructions', `{"bankIban":"${iban('broken off')}`],
    ['operator', 'POST', 'planned-constructions', iban('not JSON'), { 'content-type': 'text/plain' }],
    [
      'operator',
      'POST',
      'planned-constructions',
      { ...appeal, newCase: { ...appeal.newCase, address: iban('place') } },
    ],
    ['operator', 'POST', 'planned-constructions', { ...appeal, bankIban: `${iban('mistyped').slice(0, 19)}X` }],
    [
      'operator',
      'POST',
      `filings/${filingId}/documents?name=${iban('file name')}.pdf`,
      Buffer.from('%PDF-1.4'),
      { 'content-type': 'application/pdf' },
    ],
    ['operator', 'GET', `filings?q=${iban('query')}`],
    ['operator', 'GET', `filings/${iban('path')}`],
    ['operator', 'GET', `no-such-route/${encodeURIComponent(mail('no route'))}`],
    ['operator', 'POST', `filings/${filingId}/corrections`, corrected, { 'if-match': `"${iban('If-Match')}"` }],
    [
      'registrar',
      'POST',
      'operators',
      { bin, name: 'X', language: 'ru', contacts: { emails: [`${mail('two mails')} ${said['two mails']}`] } },
    ],
  ];
  for (const request of refused) {
    const { status } = await ask(...request);
    expect([request[1], request[2], status >= 400 && status < 500]).toEqual([request[1], request[2], true]);
  }
  // Taken, and not kept: a key and a correlation id of the caller's own.
  const odd = { 'idempotency-key': iban('Idempotency-Key'), 'x-correlation-id': iban('correlation id') };
  await done('case-officer', 'POST', `cases/${caseId}/notes`, { text: 'Telephoned the operator.' }, odd);
  await ask('operator', 'GET', 'cases', undefined, { 'user-agent': iban('user agent'), referer: mail('referer') });

  // A clerk's journal, taken over beside the running server; its note is nobody's field.
  const [header] = readFileSync(path.join(__dirname, '../support/sample/journal.csv'), 'utf8').split('\n', 1);
  const row = { row: '1', kind: 'planned_construction', case_ref: 'C1', operator_bin: '970740000838', region: '55' };
  const filed = { channel: 'paper', received_at: '2021-02-03', journal_no: 'P-1', power_mw: '1', expansion_mw: '2' };
  const values: Record<string, string> = {
    ...row,
    ...filed,
    equipment_investment_kzt: '5',
    bank_iban: iban('journal'),
  };
  values['bank_bic'] = 'KZKOKZKX';
  values['note'] = `${iban('journal note')} ${mail('journal mail')}`;
  values['address'] = `Line 1, ${phone('journal address')}, ${iban('journal account')}`;
  values['operator_name'] = `X LLP ${mail('journal name')}`;
  const withdrawn: Record<string, string> = { ...row, channel: 'paper', row: '2', kind: 'withdrawal' };
  Object.assign(withdrawn, { received_at: '2021-02-04', journal_no: 'P-2', corrects: 'P-1', note: values['note'] });
  const journal = path.join(os.tmpdir(), `qadaga-clear-${randomUUID()}.csv`);
  const line = (of: Record<string, string>) =>
    header!
      .split(',')
      .map((name) => `"${of[name.trim()] ?? ''}"`)
      .join(',');
  writeFileSync(journal, [header, line(values), line(withdrawn), ''].join('\n'));
  try {
    const [code] = (await once(run('cli/main.ts', ['import', journal]), 'close')) as [number];
    expect([code, logged.slice(-500)]).toEqual([0, expect.any(String)]);
  } finally {
    rmSync(journal);
  }

  const findings: string[] = [];
  const search = (bytes: Buffer, place: string) => {
    for (const [name, text] of Object.entries(said)) if (found(bytes, text)) findings.push(`${name} in ${place}`);
  };
  expect(await searchTables(search)).toBe(true);
  const ended = once(server, 'close');
  server.kill('SIGTERM');
  await ended;

  let markerSeen = false;
  let mailSeen = false;
  const look = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) look(file);
      if (!entry.isFile()) continue;
      const bytes = readFileSync(file);
      if (path.relative(home, file).startsWith('outbox')) mailSeen ||= found(bytes, said['new contact']!);
      else search(bytes, path.relative(home, file));
      markerSeen ||= bytes.includes(marker);
    }
  };
  look(home);
  search(Buffer.from(logged), 'the log');
  expect(findings).toEqual([]);
  // The search works: what is not secret is there, and the mail is where it must be.
  const refusalsSeen = logged.includes('"msg":"a request was refused"');
  expect({ markerSeen, mailSeen, refusalsSeen }).toEqual({ markerSeen: true, mailSeen: true, refusalsSeen: true });
});

/** The text of every row of every table, queues included; PostgreSQL may keep long values compressed in its files. */
async function searchTables(search: (bytes: Buffer, place: string) => void): Promise<boolean> {
  const { port, credentials } = JSON.parse(readFileSync(path.join(home, 'connection.json'), 'utf8'));
  const client = new pg.Client({ host: '127.0.0.1', port, database: 'qadaga', ...credentials.superuser });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    let markerSeen = false;
    const queues = tables.rows.filter(({ name }) => /bull|job/i.test(name));
    expect(queues.length).toBeGreaterThan(0);
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ text: string }>(`select t::text as text from ${name} t`);
      const text = rows.map((row) => row.text).join('\n');
      search(Buffer.from(text), `table ${name}`);
      markerSeen ||= text.includes(marker);
    }
    await client.query('checkpoint');
    return markerSeen;
  } finally {
    await client.end();
  }
}
