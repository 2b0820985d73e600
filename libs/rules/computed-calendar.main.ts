import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rulesDataDir } from './catalogue.js';
import { computedCalendar } from './computed-calendar.js';

/*
 * Writes libs/rules/data/calendar-kz-computed.json anew: `npm run build && node dist/libs/rules/computed-calendar.main.js`.
 * Give the file another version when its days change: deadlines cite it.
 */
const dir = rulesDataDir();
const read = JSON.parse(readFileSync(path.join(dir, 'calendar-kz.json'), 'utf8')) as { from: string; to: string };
const calendar = computedCalendar(read);
const { days, ...head } = calendar;
// One day a line, as Prettier leaves it.
const spaced = (value: object): string =>
  JSON.stringify(value, undefined, 1)
    .replaceAll(/\n */g, ' ')
    .replace(/^\[ (.*) \]$/, '[$1]');
const lines = [
  ...Object.entries(head).map(
    ([name, value]) => `  "${name}": ${typeof value === 'object' ? spaced(value) : JSON.stringify(value)}`,
  ),
  `  "days": [\n${days.map((day) => `    ${spaced(day)}`).join(',\n')}\n  ]`,
];
writeFileSync(path.join(dir, 'calendar-kz-computed.json'), `{\n${lines.join(',\n')}\n}\n`);
