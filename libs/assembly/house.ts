import type pg from 'pg';
import { systemClock, unobserved, type Clock, type Uuid } from '#libs/kernel';
import { LawBook, WritePath, type CaseRefs, type House, type JournalEntry } from '#libs/application';
import { refuseHalfRestored } from '#libs/backup';
import { factTypes } from '#libs/domain';
import { knownTypesOnly, observedStore, openDraft, type Draft, type EventStore } from '#libs/event-store';
import type { EmbeddedPostgres } from '#libs/embedded';
import { createIdentity, type Identity } from '#libs/identity';
import { ConfigError, type Config } from '#libs/platform';
import { createReadModels, type ReadModels } from '#libs/read-models';
import { loadRules, type RulesCatalogue } from '#libs/rules';
import { createSealer, loadMasterKey, type Sealer } from '#libs/sealing';
import { lastingPool } from '#libs/postgres';
import { openDatabases, type Databases } from './databases.js';
import { caseDirectory } from './directory.js';
import { openLog } from './event-store.js';
import { leadingGate } from './leading.js';
import { PostgresNumbers } from './numbers.js';
import { patient } from './patience.js';
import { prepareSchema } from './schema.js';
import type { ProcessTelemetry } from './telemetry.js';
import { SimulatedClock } from './simulated-clock.js';
import { allUpcasters } from './upcasters.js';

/** A house with everything it stands on, opened by one process. */
export interface OpenedHouse {
  readonly config: Config;
  readonly databases: Databases;
  readonly telemetry: ProcessTelemetry | undefined;
  readonly catalogue: RulesCatalogue;
  readonly clock: Clock;
  readonly store: EventStore;
  readonly house: House;
  readonly readModels: ReadModels;
  readonly identity: Identity;
  readonly sealer: Sealer;
  readonly requestHash: (canonical: string) => string;
  /** A pool of the application's user for small things. */
  readonly pool: pg.Pool;
  readonly caseRefs: CaseRefs;
  caseIdOf(caseRef: string): Promise<Uuid | undefined>;
  filingByOwnNumber(journalNo: string): Promise<JournalEntry | undefined>;
  /** A log over this one for what is only tried; to be closed by who opened it. */
  openDraft(): Promise<Draft>;
  /** Waits until the read models have seen all that is in the log now. */
  catchUp(timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly clock?: Clock;
  /** Without a projector of its own a process waits for another's. */
  readonly projector: boolean;
  readonly onLog?: (line: string) => void;
  /** Nobody else writes into this home, and it is empty; see `WritePathOptions`. */
  readonly alone?: boolean;
  /** The home's PostgreSQL when its start is under way already. */
  readonly embedded?: Promise<EmbeddedPostgres>;
  /** Watches the work of this process; closed with the house. */
  readonly telemetry?: ProcessTelemetry;
}

/** Opens the home: database, schemas, law, log, read models. What fails stops the start; nothing runs half-wired. */
export async function openHouse(config: Config, options: OpenOptions): Promise<OpenedHouse> {
  const { telemetry } = options;
  const observe = telemetry?.observe ?? unobserved;
  const catalogue = loadRules();
  if (!catalogue.findRuleSet(config.ruleSet)) {
    const known = catalogue.ruleSets.map(({ id }) => id).join(', ');
    throw new ConfigError([{ name: 'QADAGA_RULES', message: `names no rule set; there are ${known}` }]);
  }
  const databases = await openDatabases(config, options.embedded);
  const closers: (() => Promise<unknown>)[] = [() => databases.stop(), async () => telemetry?.stop()];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    await prepareSchema(databases);
    await refuseHalfRestored(databases.app);
    const clock = options.clock ?? clockOf(config);
    const asking = patient(databases.app);
    const pool = lastingPool({ ...asking, max: 6 });
    closers.push(() => pool.end());
    const upcasters = allUpcasters();
    const log = await openLog(config, databases, upcasters);
    const store = knownTypesOnly(observedStore(log, observe), factTypes);
    closers.push(() => store.close());
    const masterKey = loadMasterKey({
      home: config.home,
      ...(config.masterKeyFile === undefined ? {} : { file: config.masterKeyFile }),
    });
    const sealer = createSealer({ config: asking, masterKey });
    closers.push(() => sealer.close());
    const opening = createReadModels({
      config: databases.app,
      askingConfig: asking,
      store,
      rules: catalogue,
      zone: config.zone ?? catalogue.ruleSet(config.ruleSet).zone,
      observe,
      mayProject: leadingGate(pool, 'projections'),
      ...(options.onLog ? { onLog: options.onLog } : {}),
    });
    closers.push(() => opening.then((opened) => opened.close()).catch(() => {}));
    const lawBook = new LawBook(store, catalogue, config.ruleSet);
    const [requestHash, readModels] = await Promise.all([sealer.requestHasher(), opening, lawBook.refresh()]);
    if (options.projector) await readModels.projector.start();
    const identity = createIdentity({ config: { ...asking, query_timeout: 5_000 } });
    closers.push(() => identity.close());
    const directory = caseDirectory(pool);
    const house: House = {
      writePath: new WritePath(store, clock, options.alone ? { alone: true, cachedStreams: 50_000 } : {}),
      lawBook,
      numbers: new PostgresNumbers(pool),
      sealer,
      clock,
      directory,
    };
    return {
      config,
      databases,
      telemetry,
      catalogue,
      clock,
      store,
      house,
      readModels,
      identity,
      sealer,
      requestHash,
      pool,
      caseRefs: directory.caseRefs,
      caseIdOf: directory.caseIdOf,
      filingByOwnNumber: directory.filingByOwnNumber,
      openDraft: () => openDraft({ base: store, config: databases.app, upcasters }),
      catchUp: async (timeoutMs = 600_000) => {
        const head = await store.head();
        if (head !== undefined && !(await readModels.waitFor(head, timeoutMs)))
          throw new Error('the read models did not catch up in time; is another process projecting?');
      },
      close,
    };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

/** A home that was given a simulated clock keeps it: its facts lie on that clock. */
function clockOf({ home, simulatedClock }: Config): Clock {
  if (SimulatedClock.exists(home)) return new SimulatedClock(home);
  return simulatedClock === undefined ? systemClock : SimulatedClock.create(home, simulatedClock);
}
