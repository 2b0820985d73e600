import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type {
  AppControllerRoute,
  BullBoardQueues,
  ControllerHandlerReturnType,
  IServerAdapter,
  UIConfig,
} from '@bull-board/api/typings/app';
import type { ConnectionOptions, IQueueBackend, Queue } from 'bullmq';

export interface BoardAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What the pages of bull-board (package `@bull-board/ui`) ask of the queues. It answers questions only. */
export interface JobBoard {
  /** Goes into the page as JSON. */
  readonly settings: object;
  /**
   * @param path below the board, e.g. `/api/queues`
   * @returns undefined where nothing can be asked
   */
  answer(path: string, query: { readonly [name: string]: string }): Promise<BoardAnswer | undefined>;
}

export type BoardQueue = Queue<unknown, void, string, unknown, void, string, IQueueBackend, ConnectionOptions>;

interface Question {
  readonly parts: readonly string[];
  readonly handler: AppControllerRoute['handler'];
}

/** On PostgreSQL as on Redis. The routes that change something are left out, and every queue is read-only besides. */
export function createJobBoard(queues: readonly BoardQueue[]): JobBoard {
  let questions: readonly Question[] = [];
  let known: BullBoardQueues = new Map();
  let settings: UIConfig = {};
  let failed: (error: Error) => ControllerHandlerReturnType = () => ({ status: 500, body: {} });
  const serverAdapter: IServerAdapter = {
    setQueues: (given) => {
      known = given;
      return serverAdapter;
    },
    setViewsPath: () => serverAdapter,
    setStaticPath: () => serverAdapter,
    setEntryRoute: () => serverAdapter,
    setErrorHandler: (handler) => {
      failed = handler;
      return serverAdapter;
    },
    setApiRoutes: (routes) => {
      questions = routes
        .filter(({ method }) => method === 'get')
        .flatMap(({ route, handler }) => [route].flat().map((one) => ({ parts: one.split('/'), handler })));
      return serverAdapter;
    },
    setUIConfig: (given) => {
      settings = given;
      return serverAdapter;
    },
  };
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue as unknown as Queue, { readOnlyMode: true })),
    serverAdapter,
    options: {
      // Whoever serves the pages knows where they are.
      uiBasePath: '.',
      uiConfig: { boardTitle: 'Qadaga', hideDocsLink: true },
    },
  });
  return {
    settings,
    async answer(path, query) {
      const asked = path.split('/');
      for (const { parts, handler } of questions) {
        const params = paramsOf(parts, asked);
        if (params === undefined) continue;
        const request = { queues: known, uiConfig: settings, query, params, body: {}, headers: {} };
        const { status = 200, body } = await Promise.resolve(handler(request)).catch(failed);
        return { status, body };
      }
      return undefined;
    },
  };
}

function paramsOf(parts: readonly string[], asked: readonly string[]): { [name: string]: string } | undefined {
  if (parts.length !== asked.length) return undefined;
  const params: { [name: string]: string } = {};
  for (const [n, part] of parts.entries())
    if (part.startsWith(':')) params[part.slice(1)] = asked[n]!;
    else if (part !== asked[n]) return undefined;
  return params;
}
