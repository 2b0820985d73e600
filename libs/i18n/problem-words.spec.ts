import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fieldFaults } from './field-faults.js';
import { fieldFaultText, problemTexts } from './index.js';
import { problems } from './problems.js';

const root = path.resolve(__dirname, '../..');
const sources = ['apps/api', 'libs/application', 'libs/domain', 'libs/http-edge', 'libs/identity']
  .flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name)),
  )
  .filter((name) => name.endsWith('.ts') && !/\.spec\.ts$|testing|application.import/.test(name))
  .map((name) => readFileSync(path.join(root, name), 'utf8'));
const codes = (pattern: RegExp) => new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map((m) => m[1]!)));

it('has words in Kazakh and Russian for every code a request can be refused with', () => {
  const said = codes(
    /(?:reject|refuse)\(\s*'(?:malformed|forbidden|not-found|conflict|stale|refused)',\s*'([a-z-]+)'/g,
  );
  for (const code of codes(/new HttpProblem\(\d+, '([a-z-]+)'/g)) said.add(code);
  expect(said.size).toBeGreaterThan(50);
  expect([...said].filter((code) => !Object.hasOwn(problems, code))).toEqual([]);
});

it('has words for every fault of a field', () => {
  const said = codes(/(?:ofString|fault|packFault)\(\s*(?:'\/[^']*',\s*)?'([a-z-]+)'/g);
  for (const code of codes(/code: '([a-z-]+)'/g)) said.add(code);
  expect(said.size).toBeGreaterThan(30);
  expect([...said].filter((code) => !Object.hasOwn(fieldFaults, code))).toEqual([]);
});

it('keeps English as it is, and the values to choose from', () => {
  expect(problemTexts('case-unknown', 'en', 404)).toBeUndefined();
  expect(problemTexts('case-unknown', 'ru', 404)).toEqual({ title: 'Не найдено', detail: 'Такого дела нет.' });
  expect(problemTexts('never-heard-of', 'kk', 422)).toEqual({ title: 'Қабылданбады' });
  expect(fieldFaultText('not-known', 'ru', 'must be one of: kk, ru, en')).toBe('должно быть одним из: kk, ru, en');
  expect(fieldFaultText('missing', 'en', 'is needed')).toBeUndefined();
  expect(fieldFaultText('constructor', 'ru', 'is needed')).toBeUndefined();
});
