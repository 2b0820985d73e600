import type { Client, Connection, Submittable } from 'pg';

interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  on(event: 'copyData', listener: (message: { readonly chunk: Buffer }) => void): void;
  off(event: 'copyData', listener: (message: { readonly chunk: Buffer }) => void): void;
}

/** COPY over a `pg` connection, which knows the messages but offers no way to use them. */
class Copy implements Submittable {
  callback?: (error: Error | null) => void;
  private error: Error | null = null;
  private connection: CopyConnection | undefined;

  constructor(
    private readonly text: string,
    private readonly chunks: readonly Buffer[],
    private readonly onData?: (chunk: Buffer) => void,
  ) {}

  private readonly take = ({ chunk }: { readonly chunk: Buffer }): void => this.onData?.(chunk);

  submit(connection: Connection): void {
    this.connection = connection as unknown as CopyConnection;
    if (this.onData) this.connection.on('copyData', this.take);
    connection.query(this.text);
  }
  handleCopyInResponse(connection: CopyConnection): void {
    for (const chunk of this.chunks) connection.sendCopyFromChunk(chunk);
    connection.endCopyFrom();
  }
  handleCopyData(): void {}
  handleCommandComplete(): void {}
  handleError(error: Error): void {
    this.error = error;
    if (!('severity' in error)) this.handleReadyForQuery();
  }
  handleReadyForQuery(): void {
    this.connection?.off('copyData', this.take);
    const { callback } = this;
    delete this.callback;
    callback?.(this.error);
  }
}

function run(client: Client, copy: Copy): Promise<void> {
  return new Promise((resolve, reject) => {
    copy.callback = (error) => (error === null ? resolve() : reject(error));
    client.query(copy);
  });
}

/** @param text `copy … from stdin`; the chunks are lines of its text format. */
export const copyIn = (client: Client, text: string, chunks: readonly Buffer[]): Promise<void> =>
  run(client, new Copy(text, chunks));

/** @param text `copy … to stdout`; each chunk is one row. */
export const copyOut = (client: Client, text: string, onRow: (row: Buffer) => void): Promise<void> =>
  run(client, new Copy(text, [], onRow));

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
export const copyField = (text: string): string =>
  /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (found) => escapes[found]!) : text;
/** For what `copyField` or PostgreSQL wrote and holds no other escape. */
export const fromCopyField = (text: string): string => (text.includes('\\') ? text.replace(/\\(.)/g, '$1') : text);
