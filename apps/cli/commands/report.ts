import { noticeColumns, noticeReport, obligationColumns, obligationReport, type House } from '#libs/application';
import { openHouse } from '#libs/assembly';
import { writeCsv } from '#libs/journal';
import { dayAt, findPlainDate, type PlainDate } from '#libs/kernel';
import { CommandError } from '../command-error.js';
import { configOfExisting } from '../existing-house.js';
import { outputFile } from '../output-file.js';

export interface ReportFlags {
  readonly asOf?: string;
  readonly out?: string;
}

/** `qadaga report obligations|notices`: CSV on stdout or into a file. */
export async function reportCommand(what: 'obligations' | 'notices', flags: ReportFlags): Promise<number> {
  const asOf = asOfDay(flags.asOf);
  const target = flags.out === undefined ? process.stdout : outputFile(flags.out);
  const session = await openHouse(configOfExisting(), { projector: true });
  try {
    const { house, caseRefs } = session;
    refuseToForetell(house, asOf);
    await session.catchUp();
    const rows =
      what === 'obligations'
        ? withHeader(obligationColumns, obligationReport(house, caseRefs, asOf))
        : withHeader(noticeColumns, await noticeReport(house, caseRefs, asOf));
    const count = await writeCsv(target, rows);
    if (flags.out !== undefined) process.stderr.write(`${count - 1} ${what} written\n`);
    return 0;
  } finally {
    await session.close();
  }
}

function asOfDay(text: string | undefined): PlainDate | undefined {
  if (text === undefined) return undefined;
  const day = findPlainDate(text);
  if (day === undefined) throw new CommandError(`--as-of takes a day as YYYY-MM-DD, not ${text}`, 2);
  return day;
}

/** Of a day to come the law would be told as if nobody filed until then: every duty to come as missed. */
function refuseToForetell({ lawBook, clock }: House, asOf: PlainDate | undefined): void {
  const today = dayAt(clock.now(), lawBook.ruleSet(lawBook.defaultRuleSetId).zone);
  if (asOf !== undefined && asOf > today)
    throw new CommandError(`--as-of takes a day up to today, ${today}: what happens until ${asOf} is not known yet`, 2);
}

async function* withHeader(
  header: readonly string[],
  rows: AsyncIterable<string[]> | Iterable<string[]>,
): AsyncIterable<readonly string[]> {
  yield header;
  yield* rows;
}
