import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import nodemailer from 'nodemailer';
import type { Instant, Uuid } from '#libs/kernel';

export interface Mail {
  /** Names the file and the message, so that writing it twice is writing it once. */
  readonly alertId: Uuid;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly date: Instant;
}

/** For good: none of the addresses is known to the server that would have to take the mail. */
export class RecipientsRefusedError extends Error {
  override readonly name = 'RecipientsRefusedError';
}

/** Where mail leaves us: as files that a mail server picks up, or to a mail server at once. */
export interface Outbox {
  put(mail: Mail): Promise<void>;
}

/**
 * A folder of RFC 5322 messages, `mail/<alert id>.eml`. Addresses stand in them in the clear, as mail must have them: the
 * folder is 0700, the files 0600, and it belongs in no backup of the facts. A file appears complete or not at all.
 */
export function createFileOutbox(options: { readonly dir: string; readonly from: string }): Outbox {
  const folder = path.join(options.dir, 'mail');
  const composer = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  return {
    async put(mail) {
      const { alertId } = mail;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = path.join(folder, `${alertId}.eml`);
      if (await exists(file)) return;
      const { message } = await composer.sendMail(messageOf(mail, options.from));
      if (!Buffer.isBuffer(message)) throw new Error('a mail could not be composed');
      const unfinished = `${file}.${randomUUID()}.part`;
      try {
        await synced(await open(unfinished, 'wx', 0o600), (handle) => handle.writeFile(message));
        await rename(unfinished, file);
        // Its name is on the disk only when the folder is.
        await synced(await open(folder, 'r'));
      } finally {
        await rm(unfinished, { force: true });
      }
    },
  };
}

async function synced(handle: FileHandle, write = async (_: FileHandle): Promise<void> => {}): Promise<void> {
  try {
    await write(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const smtp = (url: string) =>
  nodemailer.createTransport({
    url,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    dnsTimeout: 10_000,
  } as object);

/**
 * Hands mail to a mail server (`smtp://`, with STARTTLS where it is offered, or `smtps://`). Whether one that was cut off
 * before its answer was taken is not known: it is handed over again under the same Message-ID.
 */
export function createSmtpOutbox(options: { readonly url: string; readonly from: string }): Outbox {
  const transport = smtp(options.url);
  return {
    async put(mail) {
      try {
        await transport.sendMail(messageOf(mail, options.from));
      } catch (error) {
        throw refusesRecipients(error)
          ? new RecipientsRefusedError('the mail server takes none of the addresses')
          : error;
      }
    },
  };
}

/** 5xx to each RCPT: asked again, the server would say the same. */
function refusesRecipients(error: unknown): boolean {
  const { command, responseCode } = error as { readonly command?: unknown; readonly responseCode?: unknown };
  return command === 'RCPT TO' && typeof responseCode === 'number' && responseCode >= 500;
}

/** Logs in and leaves. @throws Error with what the server said */
export async function greetMailServer(url: string): Promise<void> {
  await smtp(url).verify();
}

const messageOf = ({ alertId, to, subject, text, date }: Mail, from: string) => ({
  from,
  // As objects: of a text, the library would make as many addresses as it finds in it.
  to: to.map((address) => ({ name: '', address })),
  subject,
  text,
  date: new Date(date),
  messageId: `<${alertId}@qadaga>`,
  headers: { 'auto-submitted': 'auto-generated' },
});

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
