import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
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
      const unfinished = `${file}.${process.pid}.part`;
      try {
        const handle = await open(unfinished, 'w', 0o600);
        try {
          await handle.writeFile(message);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(unfinished, file);
      } finally {
        await rm(unfinished, { force: true });
      }
    },
  };
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
  return { put: async (mail) => void (await transport.sendMail(messageOf(mail, options.from))) };
}

/** Logs in and leaves. @throws Error with what the server said */
export async function greetMailServer(url: string): Promise<void> {
  await smtp(url).verify();
}

const messageOf = ({ alertId, to, subject, text, date }: Mail, from: string) => ({
  from,
  to: [...to],
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
