import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filesOf, rootDir, withoutComments } from './source-files.js';

const cruiser = path.join(rootDir, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');

function cruise(cwd: string): { readonly status: number | null; readonly report: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [cruiser, '--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'apps', 'libs'],
    { cwd, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  );
  return { status, report: `${stdout}${stderr}` };
}

/** A small tree that goes against the arrows in known ways. */
function wrongTree(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'qadaga-arrows-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), text);
  }
  for (const name of ['.dependency-cruiser.cjs', 'package.json', 'test/architecture/source-aliases.cjs']) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    copyFileSync(path.join(rootDir, name), path.join(dir, name));
  }
  symlinkSync(path.join(rootDir, 'node_modules'), path.join(dir, 'node_modules'), 'dir');
  return dir;
}

describe('the direction of the arrows', () => {
  it('is kept by every library and app', () => {
    const { status, report } = cruise(rootDir);
    expect({ status, report: status === 0 ? '' : report }).toEqual({ status: 0, report: '' });
  }, 60_000);

  it('is seen to be broken where it is', () => {
    const dir = wrongTree({
      'libs/kernel/index.ts': `export * from './a.js';\n`,
      'libs/kernel/a.ts': `export { b } from './b.js';\n`,
      'libs/kernel/b.ts': `import { readFileSync } from 'node:fs';\nexport const b = [readFileSync];\nexport { c } from './c.js';\n`,
      'libs/kernel/c.ts': `export { b as c } from './b.js';\n`,
      'libs/domain/index.ts': `import { DataSource } from 'typeorm';\nexport const x = DataSource;\n`,
      'libs/jobs/index.ts': `import { main } from '../../apps/api/main.js';\nexport const job = main;\n`,
      'libs/jobs/deep.ts': `export const deep = 1;\n`,
      'libs/journal/index.ts': `export { job } from '#libs/jobs';\n`,
      'libs/nowhere/index.ts': `import 'node:fs';\n`,
      'apps/api/main.ts': `import '../worker/main.js';\nimport '../../libs/jobs/deep.js';\nexport const main = 1;\n`,
      'apps/worker/main.ts': `import * as fc from 'fast-check';\nimport './missing.js';\nexport const worker = fc;\n`,
    });
    try {
      const { status, report } = cruise(dir);
      const seen = new Set([...report.matchAll(/error ([a-z-]+):/g)].map((match) => match[1]));
      expect([...seen].sort()).toEqual([
        'apps-apart',
        'apps-by-the-front-door',
        'arrow-journal',
        'libraries-know-no-app',
        'library-without-arrows',
        'no-cycle',
        'no-development-package',
        'one-home-per-engine',
        'resolvable',
        'the-kernel-is-small',
        'the-law-is-pure',
      ]);
      expect(status).toBeGreaterThan(0);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }, 60_000);

  it('goes by library name: nobody reaches into another library by a relative path, but for the door of the policies', () => {
    const reaching = filesOf('libs', '.ts').flatMap((file) => {
      // What serves tests only may use another library's testing.ts, as specifications may.
      if (/\.spec\.ts$|\/test-support\/|\/testing[^/]*\.ts$/.test(file)) return [];
      const library = path.join(rootDir, ...file.split('/').slice(0, 2)) + path.sep;
      const imports = readFileSync(path.join(rootDir, file), 'utf8').matchAll(/from '(\.{1,2}\/[^']+)'/g);
      return [...imports]
        .map((match) => path.resolve(rootDir, path.dirname(file), match[1]!))
        .filter((target) => target.startsWith(path.join(rootDir, 'libs')) && !target.startsWith(library))
        .map((target) => `${file} -> ${path.relative(rootDir, target).split(path.sep).join('/')}`);
    });
    expect(reaching.filter((reach) => !/^libs\/engine\/.* -> libs\/domain\/policies\/index\.js$/.test(reach))).toEqual(
      [],
    );
  });
});

describe('the law', () => {
  const impure =
    /\bnew Date\b|\bDate\.|\bMath\.random\b|\bdrawUuid\b|\brandomUUID\b|\bsystemClock\b|\bperformance\.|\bprocess\.|\bset(?:Timeout|Interval|Immediate)\b|\bTemporal\.Now\b/;

  it('holds no clock, no random number, no environment', () => {
    const files = filesOf('libs/domain', '.ts').filter((file) => !file.endsWith('.spec.ts'));
    expect(files.length).toBeGreaterThan(40);
    const found = files.flatMap((file) => {
      const match = impure.exec(withoutComments(readFileSync(path.join(rootDir, file), 'utf8')));
      return match ? [`${file}: ${match[0]}`] : [];
    });
    expect(found).toEqual([]);
    expect(impure.test('const now = Date.now()')).toBe(true);
  });
});
