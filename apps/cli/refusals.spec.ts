import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { hasHouse } from '#libs/assembly';
import { loadConfig } from '#libs/platform';
import { backupCommand } from './commands/backup.js';
import { copyLogCommand } from './commands/copy-log.js';
import { doctorCommand } from './commands/doctor.js';
import { explainDeadlineCommand } from './commands/explain-deadline.js';
import { importCommand } from './commands/import.js';
import { issueKeyCommand, listKeysCommand } from './commands/keys.js';
import { rebuildCommand } from './commands/rebuild.js';
import { reportCommand } from './commands/report.js';
import { outputFile } from './output-file.js';

let dir: string;
const inDir = (...names: string[]) => path.join(dir, ...names);
const before = { ...process.env };
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-refusals-'));
  for (const name of Object.keys(process.env)) if (name.startsWith('QADAGA_')) delete process.env[name];
  process.env['QADAGA_HOME'] = inDir('mistyped');
});
afterEach(() => {
  process.env = { ...before };
  rmSync(dir, { recursive: true });
});

describe('a home that is not there', () => {
  it.each<[string, () => Promise<number>]>([
    ['doctor', () => doctorCommand({})],
    ['report', () => reportCommand('obligations', {})],
    ['explain-deadline', () => explainDeadlineCommand('C1', 'termination')],
    ['rebuild', () => rebuildCommand()],
    ['backup', () => backupCommand({ out: inDir('backup.tar.gz') })],
    ['keys list', () => listKeysCommand({})],
    ['keys issue', () => issueKeyCommand({ role: 'auditor', label: 'x' })],
    ['copy-log --take-over', () => copyLogCommand({ from: inDir('a'), to: inDir('b'), takeOver: true })],
  ])('is not made by %s', async (_, run) => {
    const told = { message: `there is no Qadaga home at ${inDir('mistyped')} (QADAGA_HOME)`, exitCode: 2 };
    await expect(run()).rejects.toMatchObject(told);
    expect(readdirSync(dir)).toEqual([]);
    // Nor is another folder taken for one.
    mkdirSync(inDir('mistyped'));
    writeFileSync(inDir('mistyped', 'letter.txt'), 'x');
    await expect(run()).rejects.toMatchObject(told);
    expect(readdirSync(inDir('mistyped'))).toEqual(['letter.txt']);
  });

  it('of a deployment on a server is one without its master key', () => {
    const on = (more: object) =>
      hasHouse(loadConfig({ QADAGA_HOME: inDir('h'), QADAGA_DATABASE_URL: 'postgres://a@b/c', ...more }));
    expect(on({})).toBe(false);
    expect(on({ QADAGA_MASTER_KEY_FILE: inDir('key') })).toBe(true);
    mkdirSync(inDir('h', 'secrets'), { recursive: true });
    writeFileSync(inDir('h', 'secrets', 'master.key'), '');
    expect(on({})).toBe(true);
  });
});

describe('a file to be written', () => {
  it.each<[string, (file: string) => Promise<number>]>([
    ['report', (out) => reportCommand('notices', { out })],
    ['backup', (out) => backupCommand({ out })],
    ['import', (result) => importCommand(path.join(process.cwd(), 'test/support/sample/journal.csv'), { result })],
  ])('in a folder that is missing is refused by %s before anything is begun', async (_, run) => {
    await expect(run(inDir('missing', 'out'))).rejects.toMatchObject({
      message: `the folder ${inDir('missing')} does not exist`,
      exitCode: 2,
    });
    expect(existsSync(inDir('mistyped'))).toBe(false);
  });

  it('needs a folder above it, and is none itself', () => {
    writeFileSync(inDir('file'), '');
    expect(outputFile(inDir('file'))).toBe(inDir('file'));
    expect(outputFile(inDir('new'))).toBe(inDir('new'));
    expect(() => outputFile(inDir('file', 'out'))).toThrow(`${inDir('file')} is not a folder`);
    expect(() => outputFile(inDir('file', 'out', 'x'))).toThrow(/does not exist/);
    expect(() => outputFile(dir)).toThrow(`${dir} is a folder`);
  });
});
