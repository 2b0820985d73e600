import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filesOf, rootDir, withoutComments } from './source-files.js';

const read = (file: string) => readFileSync(path.join(rootDir, file), 'utf8');
const all = filesOf('.');
const specs = all.filter((file) => file.endsWith('.spec.ts'));
const isText = /\.(?:ts|mts|cts|js|mjs|cjs|json|md|yml|yaml|sh|sql|html|css)$|(?:^|\/)(?:\.[a-z-]+rc|run|\.gitignore)$/;

describe('the tree', () => {
  it('names no machine: no home folder, no drive, no registry but the public one', () => {
    const here = path.dirname(rootDir);
    const own = [/(?<![\w.~-])\/(?:home|Users)\/[A-Za-z]/, /\b[A-Z]:\\Users\\/, /registry[=]|_auth[T]oken/];
    const found = all
      .filter((file) => isText.test(file))
      .flatMap((file) => {
        const text = read(file);
        const match = own.map((pattern) => pattern.exec(text)?.[0]).find((hit) => hit !== undefined);
        if (match !== undefined) return [`${file}: ${match}`];
        return here.length > 1 && text.includes(`${here}/`) ? [`${file}: ${here}/`] : [];
      });
    expect(found).toEqual([]);
    expect(own.some((pattern) => pattern.test(`see ${['', 'home', 'anna', 'qadaga'].join('/')}`))).toBe(true);
  });

  it('locks packages by content, from the public registry or from none', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: { [name: string]: { resolved?: string; link?: boolean; integrity?: string; inBundle?: boolean } };
    };
    const elsewhere = Object.entries(packages).filter(
      ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
    );
    expect(elsewhere).toEqual([]);
    const unlocked = Object.entries(packages).filter(
      ([name, { integrity, link, inBundle }]) => name !== '' && !link && !inBundle && !integrity,
    );
    expect(unlocked.map(([name]) => name)).toEqual([]);
  });

  it('keeps its top level', () => {
    const top = new Set(all.map((file) => file.split('/')[0]!).filter((name) => !name.startsWith('.')));
    const known = ['README.md', 'apps', 'docker-compose.yml', 'libs', 'nest-cli.json', 'package-lock.json'];
    known.push('package.json', 'test', 'tsconfig.json', 'tsconfig.test.json');
    expect([...top].filter((name) => !known.includes(name))).toEqual([]);
  });

  it('names files in kebab-case', () => {
    const odd = all
      .filter((file) => /^(?:apps|libs|test)\//.test(file) && file.endsWith('.ts'))
      .filter((file) => !/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(path.basename(file)));
    expect(odd).toEqual([]);
  });
});

describe('a specification', () => {
  const homes =
    /^(?:apps|libs)\/[a-z0-9-]+\/|^test\/(?:architecture|campaigns|contracts|journeys|faults|support|bench)\//;

  it('lies beside its code or in a known folder of test/', () => {
    expect(specs.length).toBeGreaterThan(10);
    expect(specs.filter((file) => !homes.test(file))).toEqual([]);
    const misnamed = all.filter((file) => /(?:\.test\.[cm]?[jt]s|\.spec\.[cm]?js|_spec\.ts)$/.test(file));
    expect(misnamed).toEqual([]);
  });

  // `tool ? describe : describe.skip` is how a specification does without a tool the machine lacks.
  const never = /\b(?:it|test|describe)\.(?:only|todo)\b|\b(?:fit|xit|xtest|fdescribe|xdescribe)\(/;
  const skipped = /\b(?:it|test|describe)\.skip\b/;
  const forWantOfATool = /\?\s*(?:it|test|describe)\.skip\s*:|:\s*(?:it|test|describe)\.skip\b/;

  it('is never focused, put off, or skipped but for want of a tool or a platform', () => {
    const found = specs.flatMap((file) =>
      withoutComments(read(file))
        .split('\n')
        .filter((line) => never.test(line) || (skipped.test(line) && !forWantOfATool.test(line)))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(found.filter((line) => !line.startsWith('test/architecture/'))).toEqual([]);
    expect(never.test("it.only('a', () => {})")).toBe(true);
  });

  it('does not sleep to be safe, and does not read what lies outside the project', () => {
    const found = specs
      .filter((file) => !file.startsWith('test/architecture/'))
      .flatMap((file) =>
        /\.\.\/shared\/|setTimeout\(\s*(?:resolve|done)\s*,\s*\d{3,}/.exec(read(file)) ? [file] : [],
      );
    expect(found).toEqual([]);
  });
});

describe('a second, naive implementation', () => {
  const naive = all.filter((file) => /(?:^|\/)naive[^/]*\.ts$/.test(file) && !file.endsWith('.spec.ts'));

  it.each(naive)(
    '%s shares nothing with the first: it imports only the Node library, types apart from none',
    (file) => {
      const imports = [...read(file).matchAll(/(?:\bfrom|\bimport|\brequire\()\s*'([^']+)'/g)].map(
        (match) => match[1]!,
      );
      expect(imports.filter((name) => !/^(?:node:|\.\/naive|\.\.\/[\w/-]*naive)/.test(name))).toEqual([]);
    },
  );

  it('exists for dates, journals and the case', () => {
    expect(naive).toEqual(expect.arrayContaining(['test/campaigns/dates/naive.ts', 'test/support/naive-journal.ts']));
  });
});
