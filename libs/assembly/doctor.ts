import { isIP } from 'node:net';
import os from 'node:os';
import { systemClock, type Instant, type Json } from '#libs/kernel';
import type { EngineStatus } from '#libs/engine';
import { redacted } from '#libs/platform';
import { examineServers } from './doctor-servers.js';
import { clockSkewMs, mostSkewMs } from './clock-skew.js';
import type { OpenedHouse } from './house.js';

/** One thing the doctor looked at; `bad` is for a person to act on. */
export interface Finding {
  readonly name: string;
  readonly state: 'good' | 'bad' | 'note';
  readonly words: string;
}

/** Configuration, versions, clocks, lag, and whether the deadline engine is alive. */
export async function examine(opened: OpenedHouse, status: EngineStatus | undefined): Promise<Finding[]> {
  const { config, databases, catalogue, readModels, pool, clock } = opened;
  const findings: Finding[] = [];
  const say = (name: string, state: Finding['state'], words: string) => void findings.push({ name, state, words });

  const version = (await pool.query<{ server_version: string }>('show server_version')).rows[0]!.server_version;
  say('versions', 'note', `Node.js ${process.version}, PostgreSQL ${version} (${databases.kind}), ${os.type()}`);
  say('time zones', 'note', `tz data ${process.versions.tz}, ICU ${process.versions.icu}`);
  say('configuration', 'note', JSON.stringify(redacted(config)));
  const rules = catalogue.ruleSet(config.ruleSet);
  const calendar = opened.house.lawBook.calendar(rules.calendarId);
  say(
    'law',
    'note',
    `${rules.id} (${rules.hash.slice(0, 12)}), calendar ${calendar.id} ${calendar.version}, ${rules.zone}`,
  );

  const isSimulated = clock !== systemClock;
  const skew = await clockSkewMs(opened);
  say(
    'clock',
    Math.abs(skew) > mostSkewMs ? 'bad' : 'good',
    isSimulated
      ? `the real clock says ${systemClock.now()}, ${skew} ms from the database's; the house's is simulated and says ${clock.now()}`
      : `${skew} ms from the database's clock; the house's clock says ${clock.now()}`,
  );

  for (const finding of [await examineDatabase(opened), ...(await examineServers(config))])
    say(finding.name, finding.state, finding.words);

  const lag = await readModels.lag();
  const behind = Math.max(0, ...lag.readModels.map((one) => one.behind));
  const parked = await readModels.listParked();
  say(
    'read models',
    lag.projectorActive ? 'good' : 'note',
    `${behind} ${config.eventStore === undefined ? 'facts' : 'bytes of the log'} behind; ${lag.projectorActive ? 'a projector is active' : 'no projector is active: no server runs'}`,
  );
  if (parked.length > 0)
    say(
      'parked',
      'bad',
      `${parked.length} cases are parked in read models: ${parked
        .slice(0, 5)
        .map((one) => one.unit)
        .join(', ')}`,
    );

  if (status) sayEngine(status, isSimulated, say);
  return findings;
}

/** Whether the connection is TLS, and whether the application's user can do no more to facts than add to them. */
async function examineDatabase({ databases, pool }: OpenedHouse): Promise<Finding> {
  const { rows } = await pool.query<{ tls: boolean; change: boolean }>(
    `select coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as tls,
      coalesce((select bool_or(has_table_privilege(c.oid, p)) from pg_class c, unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) p
        where c.oid = to_regclass('log.facts')), false) as change`,
  );
  const { tls, change } = rows[0]!;
  const { host } = databases.app;
  const near =
    databases.kind === 'embedded' || host === 'localhost' || (isIP(host) !== 0 && /^(127\.|::1$)/.test(host));
  const words = [
    tls ? 'reached over TLS' : 'reached without TLS',
    change
      ? 'the application’s user may change or remove facts: it must not be their owner'
      : 'facts can only be added',
  ];
  return { name: 'database', state: change || !(tls || near) ? 'bad' : 'good', words: words.join('; ') };
}

/** Sweeps look, and deadlines run, by the house's clock; the queue brings the sweeps by the real one. */
function sayEngine(
  status: EngineStatus,
  isSimulated: boolean,
  say: (name: string, state: Finding['state'], words: string) => void,
): void {
  const { lastSweep, nextSweepAt, nearestDeadline, failures, parked, queues } = status;
  const byHouse = isSimulated ? ' by the simulated clock' : '';
  const byReal = isSimulated ? ' by the real clock' : '';
  say(
    'sweep',
    lastSweep === undefined ? 'note' : lastSweep.stuckCount > 0 ? 'bad' : 'good',
    lastSweep
      ? `last at ${lastSweep.at}${byHouse}, ${lastSweep.due} due, ${lastSweep.missed} misses, ${lastSweep.alertsRaised} alerts; ${nextSweep(nextSweepAt, byReal)}`
      : 'has never run here',
  );
  if (queues) {
    const words = Object.entries(queues).map(([name, one]) => `${name} ${one.waiting + one.delayed}+${one.active}`);
    say('queues', 'note', `waiting and active: ${words.join(', ')}`);
  } else say('queues', 'bad', 'the queue does not answer');
  if (failures.length > 0)
    say(
      'jobs',
      'bad',
      `${failures.length} failed: ${failures
        .slice(0, 3)
        .map((one) => `${one.name}: ${one.reason}`)
        .join('; ')}`,
    );
  if (parked.length > 0) say('policies', 'bad', `${parked.length} facts are parked: ${parked[0]!.reason}`);
  say(
    'nearest legal deadline',
    'note',
    nearestDeadline
      ? `in ${nearestDeadline.hours} hours, at ${nearestDeadline.at}${byHouse}`
      : `none is ahead${byHouse}`,
  );
}

/** A server that was stopped leaves the time of its next sweep behind. */
function nextSweep(at: Instant | undefined, byReal: string): string {
  if (at === undefined) return 'next at no time: no server runs';
  return `${at < systemClock.now() ? 'the next was due' : 'next'} at ${at}${byReal}`;
}

export const asJson = (findings: readonly Finding[]): { readonly [name: string]: Json } =>
  Object.fromEntries(findings.map(({ name, state, words }) => [name, { state, words }]));
