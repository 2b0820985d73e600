import type { Account } from '#libs/identity';

/**
 * What is told of who asks, so that it can be found out later who tried what, from where and when. No key, no id of a case,
 * no text of a request: the route is its pattern. What a command did is in its facts, with who did it.
 */
export type AccessEvent = {
  readonly source: string;
  readonly keyId?: string;
  readonly role?: string;
} & (
  | { readonly kind: 'recognized' }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly method: string;
      /** `none` where there is no such route. */
      readonly route: string;
      readonly correlationId: string;
    }
);

export type OnAccess = (event: AccessEvent) => void;

/** A program asks hundreds of times a minute; that its key is in use from there is said so often, in ms. */
const againMs = 3_600_000;
const mostPlaces = 10_000;

/** Tells of a key that was recognized, once an hour for each address it is used from, in this process. */
export function recognitions(tell: OnAccess, now: () => number = () => performance.now()) {
  const told = new Map<string, number>();
  return ({ keyId, role }: Pick<Account, 'keyId' | 'role'>, source: string): void => {
    const place = `${keyId} ${source}`;
    const last = told.get(place);
    if (last !== undefined && now() - last < againMs) return;
    // Taken out and put back, so that the first in the map is the one told of longest ago.
    told.delete(place);
    if (told.size >= mostPlaces) told.delete(told.keys().next().value!);
    told.set(place, now());
    tell({ kind: 'recognized', source, keyId, role });
  };
}
