import { greetMailServer } from '#libs/engine';
import { openKurrentEventStore } from '#libs/event-store';
import { askRedis } from '#libs/jobs';
import type { Config } from '#libs/platform';
import type { Finding } from './doctor.js';

const patienceMs = 5_000;

/** The servers of a deployment beside PostgreSQL, each asked on a connection of its own. */
export function examineServers(config: Config): Promise<Finding[]> {
  const { queue, smtp, eventStore } = config;
  return Promise.all([
    ...(queue.kind === 'redis' ? [looked('redis', () => examineRedis(queue.url))] : []),
    ...(eventStore ? [looked('event store', () => examineEventStore(eventStore))] : []),
    ...(smtp ? [looked('mail server', () => examineMail(smtp.url))] : []),
  ]);
}

type Looked = Pick<Finding, 'state' | 'words'>;

async function looked(name: string, look: () => Promise<Looked>): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
  });
  try {
    return { name, ...(await Promise.race([look(), late])) };
  } catch (error) {
    return { name, state: 'bad', words: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Jobs may be lost, since they are derived again; but a Redis that evicts loses them all the time. */
async function examineRedis(url: string): Promise<Looked> {
  const { version, eviction, keepsLog } = await askRedis(url);
  const right = eviction === 'noeviction';
  const kept = keepsLog ? 'keeps a log of its own' : 'keeps nothing over a restart, after which all is queued anew';
  return {
    state: right ? 'good' : 'bad',
    words: `${version}; eviction ${eviction}${right ? '' : ', must be noeviction'}; ${kept}`,
  };
}

async function examineEventStore({ url, credentialsFile }: NonNullable<Config['eventStore']>): Promise<Looked> {
  const store = await openKurrentEventStore({
    address: { url, ...(credentialsFile === undefined ? {} : { credentialsFile }) },
    streamPrefixes: ['doctor-'],
  });
  try {
    await store.head();
    return {
      state: 'good',
      words: `answers${/[?&]tls=false/.test(url) ? ' without TLS, so it asks nobody who they are' : ' over TLS'}`,
    };
  } finally {
    await store.close();
  }
}

async function examineMail(url: string): Promise<Looked> {
  await greetMailServer(url);
  return { state: 'good', words: 'takes mail' };
}
