import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { generateJournal, journalGeneratorColumns, type JournalLine } from '../support/journal-generator.js';
import { compiled } from './campaign.js';

/** @returns how many rows were written */
export async function writeJournal(
  file: string,
  centres: number,
  seed: number,
  onRow: (row: JournalLine) => void = () => {},
): Promise<number> {
  const stream = createWriteStream(file);
  stream.write(`${journalGeneratorColumns.join(',')}\n`);
  let rows = 0;
  for (const row of generateJournal({ centres, seed })) {
    rows++;
    onRow(row);
    if (!stream.write(`${journalGeneratorColumns.map((name) => quoted(row[name] ?? '')).join(',')}\n`))
      await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
  return rows;
}

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The command line as a user runs it; `text` is the last it said. */
export function qadaga(
  home: string,
  args: readonly string[],
  onStart: (pid: number) => void = () => {},
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(process.execPath, ['--max-semi-space-size=32', compiled('programs', 'qadaga.js'), ...args], {
    env: { ...process.env, QADAGA_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) onStart(child.pid);
  return new Promise((resolve, reject) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-4000)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
  });
}
