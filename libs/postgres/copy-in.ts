import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ClientBase, Connection, Submittable } from 'pg';
import type { Duplex } from 'node:stream';

interface CopyConnection {
  readonly stream: Duplex;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/** So much of the text goes in one message, and so much may wait for the socket. */
const chunkLength = 65_536;
const waitingBytes = 4 * 1_048_576;

/**
 * `copy … from stdin` in its text format. `pg` knows the protocol's messages and offers no way to use them. Lines are
 * made while the engine works on those before; when one cannot be made, nothing of the statement counts.
 */
class CopyIn implements Submittable {
  callback?: (error?: Error) => void;
  #failure: Error | undefined;
  #over = false;

  constructor(
    private readonly text: string,
    private readonly lines: Iterable<string>,
  ) {}

  submit(connection: Connection): void {
    connection.query(this.text);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    void this.#send(connection).catch((error: Error) => {
      this.#failure ??= error;
      if (!this.#over) connection.sendCopyFail('the rows could not be made');
    });
  }

  async #send(connection: CopyConnection): Promise<void> {
    let chunk = '';
    for (const line of this.lines) {
      chunk += line;
      if (chunk.length < chunkLength) continue;
      connection.sendCopyFromChunk(Buffer.from(chunk));
      chunk = '';
      // Others have their turn too, and the socket has its.
      if (connection.stream.writableLength > waitingBytes) await once(connection.stream, 'drain');
      else await nextTurn();
      if (this.#over) return;
    }
    if (chunk !== '') connection.sendCopyFromChunk(Buffer.from(chunk));
    connection.endCopyFrom();
  }

  handleCommandComplete(): void {}

  /** The last that `pg` tells a query: it does not say to one that failed that the server is ready. */
  handleError(error: Error): void {
    this.#failure ??= error;
    this.#end();
  }

  handleReadyForQuery(): void {
    this.#end();
  }

  #end(): void {
    this.#over = true;
    const { callback } = this;
    delete this.callback;
    callback?.(this.#failure);
  }
}

/** @throws what `lines` throws, or the engine's error; then no row was added. */
export function copyIn(client: ClientBase, text: string, lines: Iterable<string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const copy = new CopyIn(text, lines);
    copy.callback = (error) => (error === undefined ? resolve() : reject(error));
    client.query(copy);
  });
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value as COPY's text format has it. */
export const copyField = (text: string): string =>
  /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (found) => escapes[found]!) : text;
