import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { canonicalJson, findInstant, findUuid, type Decider, type Event, type Fact, type NewFact } from '#libs/kernel';
import { authorityDecider, authorityUpcasters } from '../authority/index.js';
import { caseWorkDecider, caseWorkUpcasters } from '../case-work/index.js';
import { caseDecider, caseUpcasters } from '../case/index.js';
import { factTypes, retiredFactTypes, vocabulary, type ClaimType } from '../fact-types.js';
import { noticeDecider, noticeUpcasters } from '../notice/index.js';
import { operatorDecider, operatorUpcasters } from '../operator/index.js';
import type { Upcasters } from '../upcasters.js';

const read = (name: string): unknown => JSON.parse(readFileSync(path.join(__dirname, name), 'utf8'));
const files = readdirSync(__dirname).filter((name) => name.endsWith('.json') && name !== 'frozen.json');
const samples = new Map(files.map((name) => [name.slice(0, -'.json'.length), read(name) as Fact]));
const frozen = read('frozen.json') as Readonly<Record<string, string>>;

const foldable: readonly { readonly prefix: string; readonly fold: (facts: readonly Fact[]) => unknown }[] = [
  folder('case-', caseDecider, caseUpcasters),
  folder('caseWork-', caseWorkDecider, caseWorkUpcasters),
  folder('notice-', noticeDecider, noticeUpcasters),
  folder('operator-', operatorDecider, operatorUpcasters),
  folder('authority-', authorityDecider, authorityUpcasters),
];

function folder<State, Command, E extends NewFact, Context>(
  prefix: string,
  decider: Decider<State, Command, E, Context>,
  upcasters: Upcasters,
) {
  const fold = (facts: readonly Fact[]): State =>
    facts.reduce(
      (state, fact) => decider.evolve(state, upcast(fact, upcasters) as unknown as E & Event),
      decider.initial,
    );
  return { prefix, fold };
}

function upcast(fact: Fact, upcasters: Upcasters): Fact {
  let { type, data } = fact;
  for (let step = upcasters[type]; step !== undefined; step = upcasters[type]) ({ type, data } = step(data));
  return { ...fact, type, data };
}

/** The samples of one stream tell one story, so those before a sample make the state it falls on. */
const storyUpTo = (sample: Fact): Fact[] =>
  [...samples.values()]
    .filter(({ stream, revision }) => stream === sample.stream && revision <= sample.revision)
    .sort((a, b) => a.revision - b.revision);

describe('the frozen sample of a stored fact', () => {
  it('exists for every type, and for no other', () => {
    expect([...samples.keys()].sort()).toEqual([...factTypes, ...retiredFactTypes].sort());
    expect(vocabulary).toBe(samples.size);
    expect(Object.keys(frozen).sort()).toEqual([...samples.keys()].sort());
  });

  it.each([...samples])('%s is what it was', (name, sample) => {
    expect(sample.type).toBe(name);
    expect(createHash('sha256').update(canonicalJson(sample)).digest('hex')).toBe(frozen[name]);
  });

  it.each([...samples])('%s is a whole fact', (_name, sample) => {
    expect(Object.keys(sample).sort()).toEqual(['data', 'id', 'meta', 'recordedAt', 'revision', 'stream', 'type']);
    expect(findUuid(sample.id)).toBe(sample.id);
    expect(findInstant(sample.recordedAt)).toBe(sample.recordedAt);
    expect(Object.keys(sample.meta)).toEqual(
      expect.arrayContaining(['commandId', 'requestHash', 'correlationId', 'causationId', 'actor', 'channel']),
    );
  });

  const claims: readonly string[] = ['JournalNoClaimed', 'CaseRefClaimed'] satisfies ClaimType[];

  it.each([...samples].filter(([name]) => !claims.includes(name)))('%s folds into today’s state', (_name, sample) => {
    const fold = foldable.find(({ prefix }) => sample.stream.startsWith(prefix))?.fold;
    if (fold === undefined) throw new Error(`no decider folds ${sample.stream}`);
    const story = storyUpTo(sample);
    expect(story.at(-1)).toBe(sample);
    expect(fold(story)).toBeDefined();
  });

  it.each([...samples])('%s is, as it is read today, of a type this release knows', (_name, sample) => {
    const upcasters = Object.assign(
      {},
      caseUpcasters,
      caseWorkUpcasters,
      noticeUpcasters,
      operatorUpcasters,
      authorityUpcasters,
    ) as Upcasters;
    expect(factTypes).toContain(upcast(sample, upcasters).type);
  });

  it('says the same as ever once folded: the case, the notice and the alert of the story', () => {
    const end = (prefix: string) => {
      const last = [...samples.values()].filter(({ stream }) => stream.startsWith(prefix));
      return foldable.find((one) => one.prefix === prefix)!.fold(last.sort((a, b) => a.revision - b.revision));
    };
    expect(end('case-')).toMatchObject({ situation: 'merged', file: { operatorBin: '970740000838' } });
    expect(end('notice-')).toMatchObject({ situation: 'acknowledged', theirNumber: 'ЭМ-2021/1177', attempts: 1 });
    expect(end('authority-')).toMatchObject({ outages: [{ reason: 'The data hall lost its power' }] });
  });
});
