import { reject, RejectedError } from '#libs/kernel';
import type { Position } from '#libs/event-store';

/** Read-your-writes: the log position of what a command did, opaque to clients. */
export const positionHeader = 'qadaga-position';

export const tokenOfPosition = (position: Position): string => Buffer.from(`p/${position}`).toString('base64url');

/** @throws RejectedError for what is no token of ours. */
export function positionOfToken(token: string): Position {
  const text = /^[A-Za-z0-9_-]{1,80}$/.test(token) ? Buffer.from(token, 'base64url').toString('latin1') : '';
  const match = /^p\/(\d{1,20}(?:\/\d{1,20})?)$/.exec(text);
  if (!match)
    throw new RejectedError(
      reject('malformed', 'position-malformed', 'the position is not one that this system gave; leave it out'),
    );
  return match[1] as Position;
}
