import { openHouse } from '#libs/assembly';
import { RebuildRunningError } from '#libs/read-models';
import { CommandError } from '../command-error.js';
import { configOfExisting } from '../existing-house.js';
import { progressBar } from '../progress.js';

/** `qadaga rebuild`: a new generation of every read model beside the old one, which is read until the switch. */
export async function rebuildCommand(): Promise<number> {
  const session = await openHouse(configOfExisting(), { projector: true });
  const bar = progressBar('facts');
  const started = Date.now();
  try {
    let facts = 0;
    await session.readModels.rebuild({
      onProgress: ({ done, total }) => {
        facts = done;
        bar.update(done, total);
      },
    });
    bar.stop();
    const seconds = (Date.now() - started) / 1000;
    process.stdout.write(`all read models were made anew from ${facts} facts in ${seconds.toFixed(1)} s\n`);
    return 0;
  } catch (error) {
    bar.stop();
    if (error instanceof RebuildRunningError) throw new CommandError('another rebuild is running');
    throw error;
  } finally {
    await session.close();
  }
}
