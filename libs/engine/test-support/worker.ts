import { instant } from '#libs/kernel';
import { TestClock } from './test-house.js';
import { testProcess, type TestProcessOptions } from './test-process.js';

// A worker of its own process, for tests that kill one: `worker.ts OPTIONS-AS-JSON`, works until it is ended.
const { at, ...options } = JSON.parse(process.argv[2]!) as Omit<TestProcessOptions, 'clock'> & { readonly at: string };
const { engine } = testProcess({ ...options, clock: new TestClock(instant(at)) });
await engine.startJobs();
process.stdout.write('working\n');
