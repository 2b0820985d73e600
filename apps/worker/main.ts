import { parseArgs } from 'node:util';
import { runProgram } from '#libs/platform';
import { startWorker } from './worker.js';

const { values } = parseArgs({ options: { roles: { type: 'string' } } });
if (values.roles !== undefined) process.env['QADAGA_ROLES'] = values.roles;
await runProgram('worker', startWorker);
