import { WritePath, type House } from '#libs/application';
import { createMemoryEventStore } from '#libs/event-store';
import { systemClock, type Uuid } from '#libs/kernel';
import { cast, createStory, fileReference, openCase, openObligation, record } from '../../libs/read-models/testing.js';
import type { Caller } from './exchange.js';
import { Lookups } from './lookups.js';

describe('a lookup in one of several processes', () => {
  it('finds what another process filed in a case that is cached here', async () => {
    const store = createMemoryEventStore();
    const story = createStory();
    const centre = cast(1);
    openCase(story, centre);
    const first = fileReference(story, centre, '2021-Q1', '2021-04-05T05:00:00.000Z');
    const second = fileReference(story, centre, '2021-Q2', '2021-07-05T05:00:00.000Z');
    const duty = openObligation(story, centre, '2021-Q3', '2021-10-01', '2021-10-11');
    // The registers know of everything at once: they are another process's work.
    const registers = {
      caseOfFiling: async (filingId: Uuid) => (filingId === first || filingId === second ? centre.caseId : undefined),
      caseOfObligation: async () => centre.caseId,
      caseByRef: async () => centre.caseId,
      found: <T>(look: () => Promise<T>) => look(),
    };
    const house = { writePath: new WritePath(store, systemClock) } as House;
    const lookups = new Lookups(house, registers);
    const caller = { operatorBin: centre.bin } as unknown as Caller;

    await record(store, story.facts.slice(0, 2));
    expect((await lookups.getFilingToRead(caller, first)).filing.filingId).toBe(first);
    await record(store, story.facts.slice(2));
    expect((await lookups.getFilingToRead(caller, second)).filing.filingId).toBe(second);
    expect((await lookups.getCaseOfObligation(caller, duty)).obligations.has(duty)).toBe(true);
    await store.close();
  });
});
