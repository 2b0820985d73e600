import { prepareKurrentServer } from '#libs/event-store';
import { loadConfig } from '#libs/platform';
import { CommandError } from '../command-error.js';

/** `qadaga prepare-event-store`: the step of a deployment that comes when KurrentDB first runs, as its administrator. */
export async function prepareEventStoreCommand(flags: { readonly admin: string }): Promise<number> {
  const { eventStore } = loadConfig();
  const { url, credentialsFile } = eventStore ?? {};
  if (url === undefined || credentialsFile === undefined)
    throw new CommandError(
      'this needs the log on KurrentDB and its account: QADAGA_EVENT_STORE_URL and QADAGA_EVENT_STORE_CREDENTIALS_FILE',
      2,
    );
  const done = await prepareKurrentServer({ address: { url, credentialsFile }, administratorFile: flags.admin });
  for (const words of done) process.stdout.write(`${words}\n`);
  process.stdout.write('KurrentDB has the service account and its rules\n');
  return 0;
}
