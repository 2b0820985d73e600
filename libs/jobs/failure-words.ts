import { maskText } from '#libs/kernel';

/** Why a job failed, as it is kept and shown: a mail server's words hold the address that it refused. */
export const failureWords = (error: unknown): string =>
  maskText(error instanceof Error ? error.message : String(error)).slice(0, 300);
