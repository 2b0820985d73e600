#!/usr/bin/env node
import { Command, Option } from 'commander';
import { ConfigError } from '#libs/platform';
import { CommandError } from './command-error.js';

const program = new Command('qadaga')
  .description('Case management for the Rules for informing about digital mining activities')
  .showHelpAfterError()
  .exitOverride();

/** Each command loads its own code: starting fast matters more here than anything else. */
const run = (perform: () => Promise<number>) =>
  perform().then((code) => {
    process.exitCode = code;
  });

program
  .command('import')
  .argument('<file>', 'CSV or XLSX, as the registry keeps it')
  .description('take an incoming journal over as history; nothing is alerted or sent for the past')
  .option('--dry-run', 'judge every row and write nothing')
  .option('--rules <id>', 'the rule set its cases live under')
  .option('--result <file>', 'what became of each row, as CSV')
  .action((file: string, flags) => run(async () => (await import('./commands/import.js')).importCommand(file, flags)));

program
  .command('replay')
  .argument('<file>', 'CSV or XLSX, as the registry keeps it')
  .description('live a journal through day by day under a simulated clock, in an empty home')
  .requiredOption('--rules <id>', 'the rule set its cases live under')
  .option('--until <date>', 'the last day to live, YYYY-MM-DD; without it the day after the last receipt')
  .action((file: string, flags) => run(async () => (await import('./commands/replay.js')).replayCommand(file, flags)));

program
  .command('report')
  .argument('<what>', 'obligations or notices')
  .description('every duty or every notice as CSV')
  .option('--as-of <date>', 'as of the end of that day, YYYY-MM-DD, at the latest today; without it now')
  .option('--out <file>', 'where to; without it to the terminal or pipe')
  .action((what: string, flags) =>
    run(async () => {
      if (what !== 'obligations' && what !== 'notices')
        throw new CommandError(`there is no report on ${what}; there are obligations and notices`, 2);
      return (await import('./commands/report.js')).reportCommand(what, flags);
    }),
  );

program
  .command('explain-deadline')
  .argument('<case>', 'its reference or its id')
  .argument('<obligation>', 'planned_construction, quarterly_reference or termination')
  .argument('[period]', 'of a quarterly reference, YYYY-Qn')
  .description('say in words how a due day was found')
  .action((caseRef: string, kind: string, period: string | undefined) =>
    run(async () => (await import('./commands/explain-deadline.js')).explainDeadlineCommand(caseRef, kind, period)),
  );

program
  .command('rebuild')
  .description('make all read models anew from the log; readers go on meanwhile')
  .action(() => run(async () => (await import('./commands/rebuild.js')).rebuildCommand()));

program
  .command('migrate')
  .description('bring the tables to this release, as their owner, before its processes start')
  .action(() => run(async () => (await import('./commands/migrate.js')).migrateCommand()));

program
  .command('prepare-event-store')
  .requiredOption('--admin <file>', "with an administrator's user:password on its one line")
  .description('make the service account and the access rules of a KurrentDB; again changes nothing')
  .action((flags) =>
    run(async () => (await import('./commands/prepare-event-store.js')).prepareEventStoreCommand(flags)),
  );

program
  .command('backup')
  .requiredOption('--out <file>', 'the archive to be written')
  .option('--with-master-key', 'put the master key in, under a passphrase')
  .option('--passphrase-file <file>', 'whose text is that passphrase')
  .description('facts, keys and attachments as one archive; others may go on working meanwhile')
  .action((flags) => run(async () => (await import('./commands/backup.js')).backupCommand(flags)));

program
  .command('restore')
  .argument('<file>', 'what backup wrote')
  .option('--master-key <file>', 'the copy of the master key that belongs to it')
  .option('--passphrase-file <file>', 'opens the master key that is in the archive')
  .description('put the house of an archive into an empty home or database')
  .action((file: string, flags) =>
    run(async () => (await import('./commands/restore.js')).restoreCommand(file, flags)),
  );

program
  .command('copy-log')
  .requiredOption('--from <log>', 'postgres://… or the folder of a home')
  .requiredOption('--to <log>', 'likewise; empty, or the beginning of the other')
  .option('--to-owner <url>', 'the owner of a PostgreSQL that has no log yet')
  .option('--take-over', 'the last time: this house, which nobody serves now, goes by the copy from here on')
  .description('copy all facts to another engine, with their ids, order and bytes, and check the copy')
  .action((flags) => run(async () => (await import('./commands/copy-log.js')).copyLogCommand(flags)));

program
  .command('doctor')
  .description('look at configuration, clocks, lag and the deadline engine')
  .addOption(new Option('--json', 'for machines'))
  .action((flags) => run(async () => (await import('./commands/doctor.js')).doctorCommand(flags)));

const keys = program.command('keys').description('API keys: who has one, another one, an end to one');

keys
  .command('list')
  .description('every key with its role, operator and last use; never the key itself')
  .option('--json', 'for machines')
  .action((flags) => run(async () => (await import('./commands/keys.js')).listKeysCommand(flags)));

keys
  .command('issue')
  .requiredOption(
    '--role <role>',
    'operator, registrar, case-officer, senior-officer, auditor, energy-body or administrator',
  )
  .requiredOption('--label <text>', 'whose key it is, for lists')
  .option('--bin <bin>', 'for whom an operator files; may also be bound later')
  .option('--account <id>', 'another key for an account there is, of the same role and operator')
  .description('make a key and show it once, alone on stdout')
  .action((flags) => run(async () => (await import('./commands/keys.js')).issueKeyCommand(flags)));

keys
  .command('revoke')
  .argument('<key>', 'its id, as the list has it')
  .description('end a key; a server that runs follows within ten seconds')
  .action((id: string) => run(async () => (await import('./commands/keys.js')).revokeKeyCommand(id)));

keys
  .command('bind')
  .argument('<account>', 'its id, as the list has it')
  .requiredOption('--bin <bin>', 'for whom the account files from now on')
  .description("bind an operator's account that has no BIN yet, with all its keys")
  .action((id: string, flags) => run(async () => (await import('./commands/keys.js')).bindKeysCommand(id, flags)));

program
  .command('demo')
  .description('a fresh temporary home, the sample journal lived through, the server left running')
  .action(() => run(async () => (await import('./commands/demo.js')).demoCommand()));

program
  .command('demo-clock')
  .argument('<action>', 'advance or show')
  .argument('[by]', 'such as 5d or 12h')
  .description('move the simulated clock of a demonstration')
  .option('--home <dir>', 'the home of the demonstration; without it the latest one')
  .action((action: string, by: string | undefined, flags) =>
    run(async () => (await import('./commands/demo-clock.js')).demoClockCommand(action, by, flags)),
  );

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code.startsWith('commander.'))
    return code === 'commander.helpDisplayed' || code === 'commander.help' ? 0 : 2;
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}
