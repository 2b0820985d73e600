import { greetMailServer } from '#libs/engine';
import { askKurrentServer, openKurrentEventStore } from '#libs/event-store';
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
  const way = new URL(url).protocol === 'rediss:' ? 'reached over TLS' : 'reached without TLS';
  return {
    state: right ? 'good' : 'bad',
    words: `Redis ${version}; ${way}; eviction ${eviction}${right ? '' : ', must be noeviction'}; ${kept}`,
  };
}

/** In these one may stop the server or remove what is in it. */
const powerful = ['$admins', '$ops'];

async function examineEventStore(address: NonNullable<Config['eventStore']>): Promise<Looked> {
  const store = await openKurrentEventStore({ address, streamPrefixes: ['doctor-'] });
  try {
    const [{ version, account }] = await Promise.all([askKurrentServer(address), store.head()]);
    const tooMuch = account?.groups.filter((group) => powerful.includes(group)) ?? [];
    const words = [
      `KurrentDB ${version}`,
      /[?&]tls=false/.test(address.url) ? 'reached without TLS, so it asks nobody who they are' : 'reached over TLS',
      ...(account ? [`as ${account.name}, in ${account.groups.join(', ') || 'no group'}`] : []),
      ...(tooMuch.length > 0 ? [`who must not be in ${tooMuch.join(', ')}`] : []),
    ];
    return { state: tooMuch.length > 0 ? 'bad' : 'good', words: words.join('; ') };
  } finally {
    await store.close();
  }
}

async function examineMail(url: string): Promise<Looked> {
  await greetMailServer(url);
  return { state: 'good', words: 'takes mail' };
}
