import type { Logger } from 'pino';

export interface Shutdown {
  /** Closers run one after another, the last registered first, as things were built on one another. */
  onShutdown(name: string, close: () => unknown): void;
  /** Runs every closer once, also after one fails; later calls get the first run's promise. True when all went well. */
  run(reason: string): Promise<boolean>;
  /** On SIGTERM and SIGINT: run, then exit (0, or 1 when a closer failed or time ran out). A second signal exits at once. */
  listen(): void;
}

/** `timeoutMs` is for everything together, 30 seconds unless told. */
export function createShutdown(logger: Pick<Logger, 'info' | 'error'>, timeoutMs = 30_000): Shutdown {
  const closers: { readonly name: string; readonly close: () => unknown }[] = [];
  let running: Promise<boolean> | undefined;
  const closeAll = async (reason: string) => {
    logger.info({ reason }, 'shutting down');
    let well = true;
    for (const { name, close } of [...closers].reverse())
      try {
        await close();
      } catch (err) {
        well = false;
        logger.error({ err, name }, 'a part did not close');
      }
    logger.info({ well }, 'shut down');
    return well;
  };
  const run = (reason: string) => {
    if (running === undefined) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => {
          logger.error({ timeoutMs }, 'shutting down took too long');
          resolve(false);
        }, timeoutMs);
      });
      running = Promise.race([closeAll(reason), late]).finally(() => clearTimeout(timer));
    }
    return running;
  };
  return {
    onShutdown: (name, close) => closers.push({ name, close }),
    run,
    listen: () => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const)
        process.on(signal, () => {
          if (running !== undefined) process.exit(1);
          void run(signal).then((well) => process.exit(well ? 0 : 1));
        });
    },
  };
}
