import * as fc from 'fast-check';
import { canonicalJson, instantOfMs, isRejection, type Event, type Uuid } from '#libs/kernel';
import {
  caseDecider,
  caseStream,
  initialCase,
  type CaseContext,
  type CaseEvent,
  type CaseState,
  type Obligation,
} from '#libs/domain';
import { createMemoryEventStore, type RecordedFact } from '#libs/event-store';
import { requestFrom, WritePath } from '#libs/application';
import { FixedClock, testActor } from '#libs/testing';
import { judge, type NaiveCase, type NaiveDuty } from './naive.js';
import { caseId, stories, tell, type Given, type RawStory } from './story.js';

export interface DeciderResult {
  readonly name: 'decider';
  readonly seed: number;
  readonly count: number;
  /** The commands given in stories where both sides agreed to the end. */
  readonly commands: number;
  /** How often each status was seen: nought would prove nothing. */
  readonly seen: { readonly [status: string]: number };
  /** One per property that broke: the shortest story found, told in words. */
  readonly findings: readonly string[];
}

const context = ({ circumstances, atMs }: Given): CaseContext => ({
  ...circumstances,
  now: instantOfMs(atMs),
  historical: false,
  assess: true,
});

/** Tells a story to the decider and to the naive case; what they disagree about first, undefined when they agree. */
export function disagreement(story: RawStory, seen: { [status: string]: number } = {}): string | undefined {
  let state: CaseState = initialCase;
  const told: string[] = [];
  const misses = new Set<Uuid>();
  let wrong: string | undefined;
  tell(story, (given, it, nameOf) => {
    told.push(given.words);
    const outcome = caseDecider.decide(state, given.command, context(given));
    if (isRejection(outcome)) {
      if (given.accepted) wrong = `rejected with ${outcome.code}`;
      return wrong === undefined;
    }
    if (!given.accepted) wrong = 'accepted';
    else {
      state = outcome.reduce(caseDecider.evolve as (state: CaseState, event: CaseEvent) => CaseState, state);
      wrong = missesOf(outcome, misses) ?? compare(state, judge(it, given.atMs), misses, it, nameOf);
      for (const { status } of it.duties) seen[status] = (seen[status] ?? 0) + 1;
      seen['commands'] = (seen['commands'] ?? 0) + 1;
    }
    return wrong === undefined;
  });
  return wrong === undefined ? undefined : `${wrong}\n  ${told.join('\n  ')}`;
}

/** Follows the misses on record: each is recorded once, and rescinded only when it stands. */
function missesOf(facts: readonly CaseEvent[], misses: Set<Uuid>): string | undefined {
  for (const fact of facts) {
    if (fact.type === 'ObligationMissed') {
      if (misses.has(fact.data.obligationId)) return `a miss is recorded that stands on record already`;
      misses.add(fact.data.obligationId);
    }
    if (fact.type === 'MissRescinded' && !misses.delete(fact.data.obligationId))
      return 'a miss is rescinded that was not on record';
  }
  return undefined;
}

function compare(
  state: CaseState,
  duties: readonly NaiveDuty[],
  misses: ReadonlySet<Uuid>,
  it: NaiveCase,
  nameOf: ReadonlyMap<Uuid, string>,
): string | undefined {
  if (state.situation === 'none') return 'there is no case';
  const recorded = [...state.file.obligations.values()].map((one) => lineOf(one, misses, nameOf)).sort();
  const naive = duties.map(naiveLine).sort();
  if (recorded.join('\n') === naive.join('\n')) return undefined;
  const only = (a: string[], b: string[]) => a.filter((line) => !b.includes(line)).join(' | ') || '-';
  return `decider: ${only(recorded, naive)}\n  naive:   ${only(naive, recorded)}${it.merged ? ' (merged)' : ''}\n  after`;
}

function lineOf(one: Obligation, misses: ReadonlySet<Uuid>, nameOf: ReadonlyMap<Uuid, string>): string {
  const key = one.period ? `${one.kind} ${one.period}` : one.kind;
  const metBy = one.metBy ? nameOf.get(one.metBy.filingId)! : 'nobody';
  const due = one.deadline ? `${one.deadline.nominalOn}/${one.deadline.dueOn}` : 'never';
  return line(key, one.status, due, metBy, one.metBy?.daysLate ?? null, misses.has(one.obligationId));
}

const naiveLine = (duty: NaiveDuty) =>
  line(
    duty.key,
    duty.status,
    duty.nominal === null ? 'never' : `${duty.nominal}/${duty.due}`,
    duty.metBy ?? 'nobody',
    duty.daysLate,
    duty.missed,
  );

/** Of a void duty nothing but that it is void matters, and that no miss is left of it. */
const line = (key: string, status: string, due: string, metBy: string, daysLate: number | null, missed: boolean) =>
  status === 'void'
    ? `${key} void${missed ? ', missed' : ''}`
    : `${key} ${status} due ${due} by ${metBy} ${daysLate ?? '-'} days late${missed ? ', missed' : ''}`;

interface Scripted extends Given {
  /** Also given again, unchanged, this many commands later (0: never). */
  readonly againAfter: number;
}

/** The story through the write path; with `twice` each command is given again at once, and some once more later. */
async function live(script: readonly Scripted[], twice: boolean): Promise<{ log: string[]; wrong?: string }> {
  const store = createMemoryEventStore();
  const clock = new FixedClock(instantOfMs(0));
  // A small cache, so that loading from the log is part of it.
  const writePath = new WritePath(store, clock, { cachedStreams: twice ? 1 : 100 });
  const stream = caseStream(caseId);
  const run = (given: Given, n: number) =>
    writePath.execute({
      decider: caseDecider,
      stream,
      command: given.command,
      context: (_state: CaseState, now) => ({ ...context(given), now }),
      request: requestFrom(
        {
          actor: testActor,
          channel: 'api',
          idempotencyKey: `key ${n}`,
          content: { useCase: given.command.type, input: given.command },
          arrivedAt: clock.now(),
        },
        (text) => `hash of ${text.length}`,
      ),
    });
  const later = new Map<number, number[]>();
  for (const [n, given] of script.entries()) {
    clock.set(instantOfMs(given.atMs));
    const first = await run(given, n);
    if (!twice) continue;
    const facts = (outcome: Awaited<ReturnType<typeof run>>) =>
      isRejection(outcome) ? outcome.code : canonicalJson(outcome.facts.map(bare));
    const second = await run(given, n);
    if (facts(second) !== facts(first)) return { log: [], wrong: `twice at once is not once: ${given.words}` };
    if (!isRejection(first) && first.outcome === 'done' && given.againAfter > 0)
      later.set(n + given.againAfter, [...(later.get(n + given.againAfter) ?? []), n]);
    for (const earlier of later.get(n) ?? []) {
      const again = await run(script[earlier]!, earlier);
      if (isRejection(again) || again.outcome !== 'repeated')
        return { log: [], wrong: `again later is not a repeat: ${script[earlier]!.words}` };
    }
  }
  const log: string[] = [];
  for await (const batch of store.readAll()) for (const fact of batch) log.push(canonicalJson(fact));
  return { log };
}

const bare = ({ id, type, data, recordedAt }: Event | RecordedFact) => ({ id, type, data, recordedAt });

/** Each command once, and each command twice: the same log, byte for byte. */
export async function twiceDiffers(story: RawStory): Promise<string | undefined> {
  const script: Scripted[] = [];
  tell(story, (given) => {
    script.push({ ...given, againAfter: (story.steps[script.length]?.c ?? 0) % 5 });
    return true;
  });
  const [once, twice] = [await live(script, false), await live(script, true)];
  if (twice.wrong !== undefined) return twice.wrong;
  const at = once.log.findIndex((text, n) => text !== twice.log[n]);
  return at === -1 && once.log.length === twice.log.length ? undefined : `the logs differ from fact ${at} on`;
}

/** Both properties, `count` stories each. Shrinks to a short story for each that breaks. */
export async function runDecider(options: {
  readonly count: number;
  readonly seed: number;
  readonly maxLength?: number;
  readonly onProgress?: (done: number, of: number) => void;
}): Promise<DeciderResult> {
  const { count, seed, maxLength = 40, onProgress } = options;
  const findings: string[] = [];
  const seen: { [status: string]: number } = {};
  let done = 0;
  const step = () => {
    if (++done % 100 === 0) onProgress?.(Math.min(done, 2 * count), 2 * count);
  };
  const raw = stories(maxLength);

  const model = await fc.check(
    fc.property(raw, (story) => {
      step();
      const wrong = disagreement(story, seen);
      if (wrong !== undefined) throw new Error(wrong);
    }),
    { numRuns: count, seed },
  );
  if (model.failed) findings.push(`model: ${told(model)}`);
  const twice = await fc.check(
    fc.asyncProperty(raw, async (story) => {
      step();
      const wrong = await twiceDiffers(story);
      if (wrong !== undefined) throw new Error(wrong);
    }),
    { numRuns: count, seed: seed + 1 },
  );
  if (twice.failed) findings.push(`twice: ${told(twice)}`);
  const { commands = 0, ...statuses } = seen;
  return { name: 'decider', seed, count, commands, seen: statuses, findings };
}

const told = (details: fc.RunDetails<[RawStory]>): string => {
  const error: unknown = details.errorInstance;
  return `${error instanceof Error ? error.message : String(error)}\n  seed ${details.seed}, path ${details.counterexamplePath}`;
};
