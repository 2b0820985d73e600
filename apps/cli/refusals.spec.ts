import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { hasHouse } from '#libs/assembly';
import { loadConfig } from '#libs/platform';
import { backupCommand } from './commands/backup.js';
import { copyLogCommand } from './commands/copy-log.js';
import { doctorCommand } from './commands/doctor.js';
import { explainDeadlineCommand } from './commands/explain-deadline.js';
import { rebuildCommand } from './commands/rebuild.js';
import { reportCommand } from './commands/report.js';

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
