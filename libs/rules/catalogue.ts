import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Calendar, RegionCatalogue, RuleSet } from '#libs/domain';
import { canonicalJson, type PlainDate } from '#libs/kernel';
import { assembleCalendar, readCalendarFile, type CalendarFile } from './calendar.shape.js';
import { readRegions } from './regions.shape.js';
import { readRuleSet } from './rule-set.shape.js';
import { RulesDataError } from './shape.js';

/** The rule set of a system that was told nothing else: the duties of Order 384 without an end. */
export const defaultRuleSetId = 'kz-384-open';

/** All law the house knows, read and checked once at start; never changes while it runs. */
export interface RulesCatalogue {
  /** Sorted by id. */
  readonly ruleSets: readonly RuleSet[];
  readonly calendars: readonly Calendar[];
  readonly regions: RegionCatalogue;
  findRuleSet(id: string): RuleSet | undefined;
  /** @throws RangeError naming the known ids. */
  ruleSet(id: string): RuleSet;
  findCalendar(id: string): Calendar | undefined;
  /** As shipped; corrections made since are facts, applied with `correctCalendar`. @throws RangeError naming the known ids. */
  calendar(id: string): Calendar;
}

export interface LoadRulesOptions {
  /** Folder of the data files; by default the one of this library. */
  readonly dir?: string;
  /** First day in force per rule set id, where the exact day is a setting. It enters the rule set's hash. */
  readonly inForceFrom?: { readonly [ruleSetId: string]: PlainDate };
}

/** The data stay in the source tree, compiled code runs from `dist`: both find them below the project's package.json. */
export function rulesDataDir(start: string = import.meta.dirname): string {
  for (let dir = start; ; dir = path.dirname(dir)) {
    const data = path.join(dir, 'libs', 'rules', 'data');
    if (existsSync(path.join(dir, 'package.json')) && existsSync(data)) return data;
    if (dir === path.dirname(dir)) throw new Error(`no libs/rules/data beside a package.json above ${start}`);
  }
}

function readJson(dir: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(path.join(dir, file), 'utf8'));
  } catch (error) {
    throw new RulesDataError(
      file,
      '',
      `cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function oneRuleSet(file: string, data: unknown, options: LoadRulesOptions): RuleSet {
  const place = { file, field: '' };
  const shipped = readRuleSet(data, place);
  if (`${shipped.id}.json` !== file)
    throw new RulesDataError(file, 'id', `the file of rule set ${shipped.id} is ${shipped.id}.json`);
  const from = options.inForceFrom?.[shipped.id];
  const effective =
    from === undefined ? shipped : readRuleSet({ ...shipped, inForce: { ...shipped.inForce, from } }, place);
  return { ...effective, hash: createHash('sha256').update(canonicalJson(effective)).digest('hex') };
}

/**
 * Reads every data file of the folder: `calendar-*.json`, `regions-*.json`, and rule sets named by their id.
 * @throws RulesDataError naming file and field: an unknown or missing field, a wrong date, parts that do not fit together.
 */
export function loadRules(options: LoadRulesOptions = {}): RulesCatalogue {
  const dir = options.dir ?? rulesDataDir();
  const ruleSets = new Map<string, RuleSet>();
  const calendarFiles = new Map<string, CalendarFile[]>();
  let regions: RegionCatalogue | undefined;
  for (const file of readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .sort()) {
    const data = readJson(dir, file);
    const place = { file, field: '' };
    if (file.startsWith('calendar-')) {
      const read = readCalendarFile(data, place);
      calendarFiles.set(read.id, [...(calendarFiles.get(read.id) ?? []), read]);
    } else if (file.startsWith('regions-')) {
      if (regions !== undefined) throw new RulesDataError(file, '', 'there is another file of regions');
      regions = readRegions(data, place);
    } else {
      const read = oneRuleSet(file, data, options);
      ruleSets.set(read.id, read);
    }
  }
  if (regions === undefined) throw new RulesDataError('regions-*.json', '', 'missing');
  const calendars = new Map([...calendarFiles].map(([id, files]) => [id, assembleCalendar(files)]));
  for (const { id, calendarId } of ruleSets.values())
    if (!calendars.has(calendarId))
      throw new RulesDataError(`${id}.json`, 'calendarId', `there is no calendar ${calendarId}`);
  for (const id of Object.keys(options.inForceFrom ?? {})) find(ruleSets, 'rule set', id);
  find(ruleSets, 'rule set', defaultRuleSetId);
  return {
    ruleSets: [...ruleSets.values()],
    calendars: [...calendars.values()],
    regions,
    findRuleSet: (id) => ruleSets.get(id),
    ruleSet: (id) => find(ruleSets, 'rule set', id),
    findCalendar: (id) => calendars.get(id),
    calendar: (id) => find(calendars, 'calendar', id),
  };
}

function find<T>(known: ReadonlyMap<string, T>, what: string, id: string): T {
  const found = known.get(id);
  if (found === undefined)
    throw new RangeError(`there is no ${what} ${JSON.stringify(id)}; known: ${[...known.keys()].join(', ')}`);
  return found;
}
