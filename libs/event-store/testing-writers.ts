import type { PoolConfig } from 'pg';
import { appendOf } from './contract-facts.js';
import type { AppendResult } from './port.js';
import { createPostgresEventStore } from './postgres.js';
import { givenOnce } from './testing-told.js';

// A process of several writers for the spec: arguments are its name, the number of writers, and the facts of each.
// Each writes a stream of its own, and in the end one fact into a stream all writers of all processes fight for.
const [name, writers, each] = process.argv.slice(2);
const config = JSON.parse(process.env['QADAGA_TEST_DATABASE']!) as PoolConfig;
const store = givenOnce()(createPostgresEventStore({ config }));

async function write(writer: string): Promise<void> {
  for (let n = 0; n < Number(each); n++) {
    const answer = await store.append(appendOf(`case-${writer}`, n === 0 ? 'none' : n - 1, `${writer}-${n}`, n));
    if (answer.outcome !== 'appended') throw new Error(`${writer} ${n}: ${JSON.stringify(answer)}`);
  }
  let answer: AppendResult = { outcome: 'conflict', actual: -1 };
  while (answer.outcome === 'conflict') {
    const expected = answer.actual < 0 ? 'none' : answer.actual;
    answer = await store.append(appendOf('case-shared', expected, `shared-${writer}`, writer));
  }
  if (answer.outcome === 'repeated') throw new Error(`${writer} was taken for a repeat`);
}

await Promise.all(Array.from({ length: Number(writers) }, (_, w) => write(`${name}-${w}`)));
await store.close();
