import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readModelNames } from './engine/projection.js';
import { feeds, feedsOf } from './feeds.js';
import { createProjections } from './read-models.js';
import { rules, zone } from './testing.js';

/** As the domain writes them down: every `NewFact<'Name'` of every aggregate's events. */
function domainFactTypes(): string[] {
  const domain = path.join('libs', 'domain');
  const types: string[] = [];
  for (const entry of readdirSync(domain, { withFileTypes: true })) {
    if (!entry.isDirectory() || !readdirSync(path.join(domain, entry.name)).includes('events.ts')) continue;
    const text = readFileSync(path.join(domain, entry.name, 'events.ts'), 'utf8');
    for (const [, type] of text.matchAll(/NewFact<\s*'([^']+)'/g)) types.push(type!);
  }
  return types.sort();
}

describe('the list of what feeds what', () => {
  it('names every fact type of the domain and no other', () => {
    const types = domainFactTypes();
    expect(types.length).toBeGreaterThan(40);
    expect(Object.keys(feeds).sort()).toEqual(types);
  });

  it('leaves out only what is meant to feed nothing', () => {
    const idle = Object.entries(feeds).filter(([, models]) => models.length === 0);
    expect(idle.map(([type]) => type)).toEqual(['TermExtended', 'OutageRecorded', 'CalendarCorrected']);
  });

  it('has one projection for every read model, fed by what the list says', () => {
    const projections = createProjections({ rules, zone });
    expect(projections.map(({ readModel }) => readModel)).toEqual([...readModelNames]);
    for (const { readModel, feeds: own } of projections) {
      expect(own).toEqual(feedsOf(readModel));
      expect(own.size).toBeGreaterThan(0);
    }
  });
});
