import path from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { asJson, examine, healthOf, type OpenedHouse, type Work } from '#libs/assembly';
import { fileDocuments } from '#libs/documents';
import { TooManyRequestsError } from '#libs/http-edge';
import { createFirstKeys, TooManyAttemptsError } from '#libs/identity';
import { nestLogger, type Logger, type RunningProgram } from '#libs/platform';
import { createApi } from './create-api.js';

export interface ServedApi extends RunningProgram {
  readonly url: string;
}

/** How long, ms, requests under way are waited for at the end: a process has ten seconds for all of its end. */
const answeringMs = 5_000;

/** One more is told to come again: what waits for a connection to PostgreSQL costs memory and grows old. */
const mostAtOnce = 1_000;

/** Serves the API of an opened house; closing answers what is under way first. */
export async function serveApi(opened: OpenedHouse, work: Work, logger: Logger): Promise<ServedApi> {
  const { config, telemetry } = opened;
  const creating = createApi(
    {
      house: opened.house,
      readModels: opened.readModels,
      identity: opened.identity,
      documents: fileDocuments(path.join(config.home, 'documents'), opened.sealer),
      health: healthOf(opened, work),
      requestHash: opened.requestHash,
      queueBoard: work.queueBoard,
      onAccess: ({ kind, ...event }) =>
        kind === 'refused'
          ? logger.warn(event, 'a request was refused')
          : logger.info(event, 'an API key was recognized'),
      ...(telemetry
        ? {
            observe: telemetry.observe,
            observeRequest: telemetry.observeRequest,
            metrics: { ...telemetry.metrics, token: config.metricsToken },
          }
        : {}),
      // The configuration names paths of this machine: that is for the terminal, not for a client.
      doctor: async () =>
        asJson((await examine(opened, await work.engine.status())).filter(({ name }) => name !== 'configuration')),
    },
    {
      logger: nestLogger(logger),
      trustedProxies: config.trustedProxies,
      edge: {
        maxInFlight: mostAtOnce,
        translate: (error) =>
          error instanceof TooManyAttemptsError ? new TooManyRequestsError(error.retryAfterSeconds) : undefined,
        onFailure: (error) => logger.error({ err: error }, 'a request failed'),
      },
    },
  );
  try {
    const [api, keys] = await Promise.all([creating, createFirstKeys(opened.databases.app, config.home)]);
    await api.listen(config.port, config.host);
    const url = await api.getUrl();
    return {
      url,
      words: `Qadaga serves on ${url} and says what it can do at ${url}/api/docs`,
      notes: [...opened.databases.notes, ...(keys.created ? [`API keys, one per role, are in ${keys.file}`] : [])],
      close: () => close(api),
    };
  } catch (error) {
    await creating.then((api) => api.close()).catch(() => {});
    throw error;
  }
}

/** Who has not sent its whole request in time, or reads its answer too slowly, is cut off. */
async function close(api: NestFastifyApplication): Promise<void> {
  const cutting = setTimeout(() => api.getHttpServer().closeAllConnections(), answeringMs);
  await api.close().finally(() => clearTimeout(cutting));
}
