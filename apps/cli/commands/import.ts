import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { ImportInterruptedError, importJournal, type RowOutcome } from '#libs/application';
import { openHouse } from '#libs/assembly';
import type { Draft } from '#libs/event-store';
import { csvLine, findMeantColumn, JournalFormatError, openJournal, type Journal } from '#libs/journal';
import { loadConfig } from '#libs/platform';
import { CommandError } from '../command-error.js';
import { outputFile } from '../output-file.js';
import { progressBar } from '../progress.js';

export interface ImportFlags {
  readonly dryRun?: boolean;
  readonly rules?: string;
  readonly result?: string;
}

/** `qadaga import FILE`: history only. Exit 0 when every row was accepted or known, 1 when rows were rejected. */
export async function importCommand(file: string, flags: ImportFlags): Promise<number> {
  const resultPath = flags.result === undefined ? undefined : outputFile(flags.result);
  const journal = await openOrSay(file);
  const session = await openHouse(loadConfig(), { projector: true });
  const bar = progressBar('rows');
  const duties = progressBar('duties');
  const result = resultPath === undefined ? undefined : resultFile(resultPath);
  const rejected: RowOutcome[] = [];
  let draft: Draft | undefined;
  try {
    const { house, catalogue, requestHash } = session;
    const ruleSetId = flags.rules ?? house.lawBook.defaultRuleSetId;
    const rules = catalogue.findRuleSet(ruleSetId);
    if (!rules)
      throw new CommandError(
        `there is no rule set ${ruleSetId}; there are ${catalogue.ruleSets.map(({ id }) => id).join(', ')}`,
        2,
      );
    draft = flags.dryRun ? await session.openDraft() : undefined;
    const summary = await importJournal(house, journal.rows(), {
      rules,
      regions: catalogue.regions,
      requestHash,
      ...(draft ? { draft } : {}),
      filingByOwnNumber: session.filingByOwnNumber,
      caseByOwnRef: session.caseIdOf,
      onOutcome: async (outcome) => {
        if (outcome.outcome === 'rejected' && rejected.length < 20) rejected.push(outcome);
        await result?.write(outcome);
      },
      onProgress: ({ stage, rows, cases, casesDone }) => {
        if (stage === 'rows') bar.update(journal.bytesRead(), journal.totalBytes, `${rows} rows`);
        else duties.update(casesDone, cases, `${casesDone} of ${cases} cases`);
      },
    });
    bar.stop();
    duties.stop();
    for (const one of rejected) process.stderr.write(`row ${one.row}: ${one.columnAtFault} ${one.reason}\n`);
    if (summary.rejected > rejected.length)
      process.stderr.write(`… and ${summary.rejected - rejected.length} more; --result FILE lists them all\n`);
    const known = summary.known > 0 ? ` (${summary.known} were on record already)` : '';
    const dry = flags.dryRun ? ' Nothing was written: this was a dry run.' : '';
    process.stdout.write(
      `${summary.rows} rows: ${summary.accepted} accepted${known}, ${summary.rejected} rejected; ${summary.cases} cases.${dry}\n`,
    );
    return summary.rejected > 0 ? 1 : 0;
  } catch (error) {
    bar.stop();
    duties.stop();
    if (error instanceof JournalFormatError)
      throw new CommandError(
        flags.dryRun
          ? `${error.message}\nNothing was written: this was a dry run.`
          : `${error.message}\nThe rows before that place are in; mend the file and run the import again, nothing is taken twice.`,
      );
    if (error instanceof ImportInterruptedError) throw new CommandError(error.message);
    throw error;
  } finally {
    await result?.close();
    await draft?.close();
    await session.close();
  }
}

/** Warns of columns that are not read. @throws CommandError for what is no journal */
export async function openOrSay(file: string): Promise<Journal> {
  try {
    const journal = await openJournal(file);
    for (const heading of journal.ignoredColumns) {
      const meant = findMeantColumn(heading, journal.columns);
      const question = meant === undefined ? '' : `; did you mean ${meant}?`;
      process.stderr.write(`column ${heading} is not used and ignored${question}\n`);
    }
    return journal;
  } catch (error) {
    if (error instanceof JournalFormatError) throw new CommandError(error.message, 2);
    throw error;
  }
}

function resultFile(file: string) {
  const stream = createWriteStream(file, { encoding: 'utf8' });
  const failed = once(stream, 'error').then(([error]) => {
    throw new CommandError(`the result file cannot be written: ${(error as NodeJS.ErrnoException).code}`, 2);
  });
  failed.catch(() => {});
  const put = async (text: string) => {
    if (stream.errored) await failed;
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), failed]);
  };
  void put(csvLine(['row', 'outcome', 'column_at_fault', 'reason'])).catch(() => {});
  return {
    write: (one: RowOutcome) => put(csvLine([one.row, one.outcome, one.columnAtFault, one.reason])),
    close: () => new Promise<void>((done) => stream.end(done)),
  };
}
