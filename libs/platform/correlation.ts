import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<string>();

/** Runs `work` and whatever it starts under this correlation id; every log line then carries it. */
export const withCorrelation = <T>(id: string, work: () => T): T => storage.run(id, work);

export const correlationId = (): string | undefined => storage.getStore();
