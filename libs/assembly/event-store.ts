import { streamPrefixes } from '#libs/domain';
import { createPostgresEventStore, openKurrentEventStore, type EventStore, type Upcasters } from '#libs/event-store';
import type { Config } from '#libs/platform';
import type { Databases } from './databases.js';

/** The log that the configuration names. */
export async function openLog({ eventStore }: Config, { app }: Databases, upcasters?: Upcasters): Promise<EventStore> {
  const reading = upcasters === undefined ? {} : { upcasters };
  return eventStore === undefined
    ? createPostgresEventStore({ config: app, ...reading })
    : openKurrentEventStore({ address: eventStore, streamPrefixes, ...reading });
}
