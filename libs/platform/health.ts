import { maskText } from '#libs/kernel';

export interface HealthCheck {
  readonly name: string;
  /** Liveness: when it fails, restarting this process may help. Readiness: it should get no requests for now. */
  readonly kind: 'liveness' | 'readiness';
  /** Rejects, or throws, when not well; what it resolves to is shown. */
  readonly check: () => unknown;
  /** What it says names nothing of this machine and is shown to whoever asks; that of others is not. */
  readonly told?: true;
  /** Milliseconds; not answering in time is a failure. Default 2,000. */
  readonly timeoutMs?: number;
}

export interface HealthAnswer {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly told?: true;
    readonly ok: boolean;
    readonly ms: number;
    readonly detail?: unknown;
  }[];
}

/** An answer for whoever asks over HTTP: what a check says of itself may name places on this machine. */
export interface BriefHealth {
  readonly status: 'ok' | 'failing';
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[];
}

export interface Health {
  /** @throws Error for a name that is taken within its kind. */
  register(check: HealthCheck): void;
  liveness(): Promise<HealthAnswer>;
  readiness(): Promise<HealthAnswer>;
}

async function run({ name, check, told, timeoutMs = 2_000 }: HealthCheck): Promise<HealthAnswer['checks'][number]> {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs).unref();
  });
  const open = told ? { told } : {};
  const ms = () => Math.round(performance.now() - started);
  try {
    const detail = await Promise.race([(async () => check())(), late]);
    return { name, ...open, ok: true, ms: ms(), ...(detail === undefined ? {} : { detail }) };
  } catch (error) {
    return {
      name,
      ...open,
      ok: false,
      ms: ms(),
      detail: maskText(error instanceof Error ? error.message : String(error)),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Named checks, run side by side each time they are asked for. No checks of a kind: well. */
export function createHealth(): Health {
  const checks: HealthCheck[] = [];
  const answer = async (kind: HealthCheck['kind']): Promise<HealthAnswer> => {
    const results = await Promise.all(checks.filter((check) => check.kind === kind).map(run));
    return { ok: results.every(({ ok }) => ok), checks: results };
  };
  return {
    register: (check) => {
      if (checks.some(({ name, kind }) => name === check.name && kind === check.kind))
        throw new Error(`there is a ${check.kind} check "${check.name}" already`);
      checks.push(check);
    },
    liveness: () => answer('liveness'),
    readiness: () => answer('readiness'),
  };
}

export const briefly = ({ ok, checks }: HealthAnswer): BriefHealth => ({
  status: ok ? 'ok' : 'failing',
  checks: checks.map((one) => ({
    name: one.name,
    ok: one.ok,
    ...(one.told && one.detail !== undefined ? { detail: String(one.detail) } : {}),
  })),
});
