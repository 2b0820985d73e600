import type { House } from '#libs/application';
import type { DocumentStore } from '#libs/documents';
import type { Identity } from '#libs/identity';
import type { JobBoard } from '#libs/jobs';
import type { Json, Observe, ObserveRequest } from '#libs/kernel';
import type { Health } from '#libs/platform';
import type { ReadModels } from '#libs/read-models';
import type { OnAccess } from './access-log.js';

/** What the API is put together from; whoever runs it builds them once and keeps them for as long as it serves. */
export interface ApiParts {
  readonly house: House;
  readonly readModels: ReadModels;
  readonly identity: Omit<Identity, 'close'>;
  readonly documents: DocumentStore;
  readonly health: Health;
  /** HMAC-SHA-256 (hex) of a canonical request under a key of the house. */
  readonly requestHash: (canonical: string) => string;
  /** The authority's name as receipts give it. Default: the authorized body. */
  readonly receiver?: string;
  /** More for `GET /system`: what `doctor` finds. */
  readonly doctor?: () => Promise<{ readonly [name: string]: Json | undefined }>;
  /** The queues as administrators look at them; without it there is no page for them. */
  readonly queueBoard?: () => Promise<JobBoard>;
  /** Watch commands and requests; without them nobody does. */
  readonly observe?: Observe;
  readonly observeRequest?: ObserveRequest;
  /** Told of each key that is used and of each request that is refused, for the log; without it nobody is. */
  readonly onAccess?: OnAccess;
  readonly metrics?: {
    /** Prometheus' text format. */
    readonly text: () => Promise<string>;
    readonly contentType: string;
    /** Opens the metrics, and nothing else, to who has no key. */
    readonly token?: string | undefined;
  };
}

export const API_PARTS = Symbol('ApiParts');
