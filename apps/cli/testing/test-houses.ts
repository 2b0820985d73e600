import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startServer, type RunningServer } from '#apps/standalone';
import type { EventStore, WrittenFact } from '#libs/event-store';
import { drawUuid } from '#libs/kernel';
import { createLogger, loadConfig } from '#libs/platform';
import { sharedTestPostgres, type TestDatabase } from '../../../libs/embedded/testing.js';
import { EnergyBody } from '../../../libs/engine/test-support/energy-body.js';
import { keysOf, until, urlOf } from '../../../test/support/deployment.js';

export interface Told {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** Where a house keeps what; without a database it is the home's own PostgreSQL. */
export interface Place {
  readonly database?: TestDatabase;
  /** Address of a KurrentDB that has the log. */
  readonly eventStore?: string;
}

export const operatorBin = '940140000385';

/** Homes in a folder of their own, with servers and commands of this very process on them. */
export class TestHouses {
  /** What commands wrote to the terminal. */
  readonly words: string[] = [];
  private readonly servers: RunningServer[] = [];
  private readonly databases: TestDatabase[] = [];

  private constructor(
    private readonly dir: string,
    readonly body: EnergyBody,
  ) {}

  static async create(): Promise<TestHouses> {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-moving-'));
    chmodSync(dir, 0o711);
    const houses = new TestHouses(dir, await EnergyBody.start());
    for (const stream of [process.stdout, process.stderr])
      jest.spyOn(stream, 'write').mockImplementation((text) => houses.words.push(String(text)) > 0);
    return houses;
  }

  readonly inDir = (name: string): string => path.join(this.dir, name);

  async createDatabase(): Promise<TestDatabase> {
    const database = await (await sharedTestPostgres()).createDatabase();
    this.databases.push(database);
    return database;
  }

  /** The environment of a command or server on this home. */
  live(home: string, { database, eventStore }: Place = {}): NodeJS.ProcessEnv {
    for (const name of Object.keys(process.env))
      if (name.startsWith('QADAGA_') && name !== 'QADAGA_REQUIRE') delete process.env[name];
    Object.assign(process.env, {
      QADAGA_HOME: this.inDir(home),
      PORT: '0',
      QADAGA_LOG_LEVEL: 'silent',
      QADAGA_SWEEP_SECONDS: '1',
      QADAGA_ENERGY_BODY_URL: this.body.url,
      ...(database && { QADAGA_DATABASE_URL: urlOf(database.app), QADAGA_DATABASE_OWNER_URL: urlOf(database.owner) }),
      ...(eventStore && { QADAGA_EVENT_STORE_URL: eventStore }),
    });
    return process.env;
  }

  async serve(home: string, place: Place = {}): Promise<RunningServer> {
    const server = await startServer(loadConfig(this.live(home, place)), { logger: createLogger({ level: 'silent' }) });
    this.servers.push(server);
    return server;
  }

  async stop(server: RunningServer): Promise<void> {
    this.servers.splice(this.servers.indexOf(server), 1);
    await server.close();
  }

  /** The first keys, by role. */
  keysOf(home: string): { readonly [role: string]: string } {
    return keysOf(this.inDir(home));
  }

  async close(): Promise<void> {
    for (const server of [...this.servers]) await this.stop(server);
    await this.body.stop();
    await Promise.all(this.databases.map((database) => database.drop()));
    rmSync(this.dir, { recursive: true, force: true });
    jest.restoreAllMocks();
  }
}

/** GET, or with `given` POST under a key of its own. */
export async function ask(url: string, key: string, given?: unknown): Promise<Told> {
  const init = {
    method: 'POST',
    headers: { 'idempotency-key': drawUuid(), 'content-type': 'application/json' },
    body: JSON.stringify(given),
  };
  const { headers, ...rest } = given === undefined ? { headers: {} } : init;
  const response = await fetch(url, { ...rest, headers: { ...headers, 'x-api-key': key } });
  return { status: response.status, body: await response.json() };
}

export const iban = 'KZ86125KZT5004100100';

export const plannedConstruction = {
  newCase: { operatorBin, caseRef: 'DC-1', region: '55', address: 'Екібастұз' },
  powerMw: '7.90',
  expansionMw: '40',
  equipmentInvestmentKzt: '125000000',
  bankIban: iban,
  bankBic: 'HSBKKZKX',
  designStartOn: '2027-06-01',
};

export const quarterly = (ref: string) => ({
  newCase: { operatorBin, caseRef: ref, region: '55', address: 'Екібастұз' },
  period: '2026-Q3',
  powerMw: '6',
  equipmentInvestmentKzt: '1',
  investmentPotentialKzt: '2',
  jobs: 12,
});

export async function writtenIn(store: EventStore): Promise<WrittenFact[]> {
  const all: WrittenFact[] = [];
  for await (const batch of store.readWritten()) all.push(...batch);
  return all;
}

export const eventually = (what: string, isSo: () => Promise<boolean> | boolean) => until(what, 90_000, isSo);
