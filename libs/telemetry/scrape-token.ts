import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Whether what was presented is the configured token. Digests are of one length, so the comparison tells nothing. */
export const isScrapeToken = (presented: string | undefined, token: string | undefined): boolean =>
  presented !== undefined && token !== undefined && timingSafeEqual(digest(presented), digest(token));
