import {
  HouseInUseError,
  NoLogError,
  openDatabases,
  openLogAt,
  performedTo,
  takeOver,
  type Databases,
  type OpenedLog,
} from '#libs/assembly';
import {
  copyLog,
  CorruptFactError,
  KurrentAddressError,
  LogsDifferError,
  StoreUnavailableError,
} from '#libs/event-store';
import { CommandError } from '../command-error.js';
import { configOfExisting } from '../existing-house.js';
import { ownerOf } from '../owner-of.js';
import { logProgress, progressBar } from '../progress.js';

export interface CopyLogFlags {
  readonly from: string;
  readonly to: string;
  readonly toOwner?: string;
  readonly takeOver?: boolean;
}

/** `qadaga copy-log --from … --to …`: exit 0 when the target reads back as the source did, 1 when it cannot be a copy. */
export async function copyLogCommand(flags: CopyLogFlags): Promise<number> {
  const bars = { copying: progressBar('copying'), verifying: progressBar('verifying') };
  const opened: OpenedLog[] = [];
  let house: Databases | undefined;
  try {
    if (flags.takeOver) house = await openDatabases(configOfExisting());
    const performed = house && (await performedTo(ownerOf(house)));
    const source = await openOrSay(flags.from);
    opened.push(source);
    const target = await openOrSay(flags.to, flags.toOwner);
    opened.push(target);
    const started = Date.now();
    const copied = await copyLog(source.store, target.store, {
      positions: performed === undefined ? [] : [performed],
      onProgress: ({ stage, facts, at, head }) => {
        if (stage === 'verifying') bars.copying.stop();
        bars[stage].update(...logProgress(at, head), `${facts} facts`);
      },
    });
    stopAll(bars);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const known = copied.known > 0 ? `, ${copied.known} of them were there already` : '';
    process.stdout.write(
      `${copied.facts} facts are in both logs${known}; SHA-256 of both ${copied.sha256} (${seconds} s)\n`,
    );
    if (copied.sourceMovedOn)
      process.stdout.write(
        'The source has moved on since: run this again, the last time after everything that writes to it has stopped.\n',
      );
    if (house === undefined) return 0;
    if (copied.sourceMovedOn) throw new CommandError('this house keeps its log: somebody still writes to it');
    await takeOver(ownerOf(house), performed && copied.positions.get(performed));
    process.stdout.write(
      'This house goes by the copy now: name it in the configuration, and make the read models anew with qadaga rebuild.\n',
    );
    return 0;
  } catch (error) {
    stopAll(bars);
    if (error instanceof LogsDifferError || error instanceof CorruptFactError) throw new CommandError(error.message);
    if (error instanceof HouseInUseError) throw new CommandError(error.message);
    if (error instanceof StoreUnavailableError)
      throw new CommandError(`${error.message}\nRun it again: what was copied stays, and it goes on from there.`);
    throw error;
  } finally {
    for (const { close } of opened.reverse()) await close();
    await house?.stop();
  }
}

const stopAll = (bars: Readonly<Record<string, { stop(): void }>>) => Object.values(bars).forEach((bar) => bar.stop());

async function openOrSay(address: string, ownerUrl?: string): Promise<OpenedLog> {
  try {
    return await openLogAt(address, ownerUrl, process.env['QADAGA_EVENT_STORE_CREDENTIALS_FILE']);
  } catch (error) {
    if (error instanceof NoLogError || error instanceof KurrentAddressError) throw new CommandError(error.message, 2);
    throw error;
  }
}
