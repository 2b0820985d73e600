import { fork } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '#libs/platform';
import { load, machine, versions } from './support/machine.js';
import { printed, type Bench, type BenchResult } from './support/report.js';

interface Entry {
  readonly title: string;
  readonly load: () => Promise<Bench>;
}

const benches: Readonly<Record<string, Entry>> = {
  P1: { title: 'append one fact per command', load: async () => (await import('./append.bench.js')).append },
  P2: { title: 'bulk import of facts', load: async () => (await import('./bulk.bench.js')).bulk },
  P3: { title: 'rebuild of all read models', load: async () => (await import('./rebuild.bench.js')).rebuild },
  P4: { title: 'live projection lag', load: async () => (await import('./lag.bench.js')).lag },
  P5: { title: 'file a quarterly reference over HTTP', load: async () => (await import('./filing.bench.js')).filing },
  P6: { title: 'deadline sweep', load: async () => (await import('./sweep.bench.js')).sweeping },
  P11: { title: 'cold start, warm start, memory at rest', load: async () => (await import('./start.bench.js')).start },
  Q: { title: 'the queue', load: async () => (await import('./queue.bench.js')).queueing },
};

const usage = `npm run bench -- [${Object.keys(benches).join(' ')}] [--quick] [--seed N]

All of them without a name. --quick takes small counts, to see that they run; its figures are not kept.
P1, P3 and P4 are measured on KurrentDB besides where KURRENTDB_TEST_URL names a server; P3 and P4 want its log empty.
BENCH_PROFILE=DIR writes CPU profiles of what is measured into DIR.
`;

const resultFile = path.join(projectRoot(), 'test/bench/last-result.json');

function flagsOf(args: readonly string[]) {
  const names: string[] = [];
  let [quick, seed, inner] = [false, 384, false];
  for (let n = 0; n < args.length; n++) {
    const arg = args[n]!;
    if (arg === '--quick') quick = true;
    else if (arg === '--inner') inner = true;
    else if (arg === '--seed') seed = Number(args[++n]);
    else if (arg.toUpperCase() in benches) names.push(arg.toUpperCase());
    else return undefined;
  }
  return Number.isInteger(seed)
    ? { names: names.length > 0 ? names : Object.keys(benches), quick, seed, inner }
    : undefined;
}

/** Each benchmark has a process of its own, so that none runs in the heap another left. */
function inProcess(name: string, args: readonly string[]): Promise<BenchResult> {
  return new Promise((resolve, reject) => {
    let result: BenchResult | undefined;
    const profile = process.env['BENCH_PROFILE'];
    const execArgv = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    const child = fork(fileURLToPath(import.meta.url), [name, '--inner', ...args], { execArgv });
    child.once('message', (message) => (result = message as BenchResult));
    child.once('exit', (code) => (result ? resolve(result) : reject(new Error(`${name} ended with ${code}`))));
  });
}

function keep(name: string, entry: object): void {
  const before = existsSync(resultFile) ? (JSON.parse(readFileSync(resultFile, 'utf8')) as object) : {};
  const all: Record<string, unknown> = { ...before, [name]: entry };
  const ordered = Object.fromEntries(Object.keys(benches).flatMap((key) => (key in all ? [[key, all[key]]] : [])));
  writeFileSync(resultFile, `${JSON.stringify(ordered, null, 2)}\n`);
}

async function runAll({ names, quick, seed }: NonNullable<ReturnType<typeof flagsOf>>): Promise<void> {
  for (const name of names) {
    const { title } = benches[name]!;
    const before = load();
    process.stdout.write(`\n${name}  ${title}${quick ? ' (quick)' : ''}  load ${before}\n\n`);
    const began = performance.now();
    try {
      const result = await inProcess(name, [...(quick ? ['--quick'] : []), '--seed', String(seed)]);
      const seconds = Math.round((performance.now() - began) / 1000);
      process.stdout.write(`${printed(result)}\n(${seconds} s)\n`);
      const date = new Date().toISOString();
      const around = { date, seed, seconds, load: { before, after: load() }, machine: machine(), versions: versions() };
      if (!quick) keep(name, { title, ...around, ...result });
    } catch (error) {
      process.exitCode = 1;
      process.stdout.write(`${name} could not be measured: ${String(error)}\n`);
    }
  }
}

async function runInner(name: string, quick: boolean, seed: number): Promise<void> {
  const bench = await benches[name]!.load();
  const began = performance.now();
  const log = (line: string) =>
    process.stdout.write(`  ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  const result = await bench({ quick, seed, log });
  await new Promise<void>((resolve) => process.send!(result, () => resolve()));
  process.disconnect();
}

const flags = flagsOf(process.argv.slice(2));
if (!flags) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else if (flags.inner) await runInner(flags.names[0]!, flags.quick, flags.seed);
else await runAll(flags);
