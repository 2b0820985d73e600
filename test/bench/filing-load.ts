import { connect, type Socket } from 'node:net';
import { serveHelper } from './support/children.js';
import type { Round } from './support/race.js';

export interface LoadAsk {
  readonly url: string;
  readonly path: string;
  readonly inFlight: number;
  /** Complete header lines that every request has. */
  readonly headers: readonly string[];
  /** One request each, sent once: its own header lines and its body. Without them GET for `ms`. */
  readonly posts?: readonly { readonly key: string; readonly body: string }[];
  readonly ms?: number;
  readonly expect: number;
}

export interface LoadAnswer extends Round {
  /** The first answer that was not what was expected. */
  readonly wrong?: string;
}

/** One connection that stays open; one request after the other. Reads what the servers here send: Content-Length. */
class Line {
  private answered: ((status: number, text: string) => void) | undefined;
  private failed: ((error: Error) => void) | undefined;
  private read: Buffer = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.failed?.(error));
    socket.on('close', () => this.failed?.(new Error('the server closed a connection')));
  }

  static open(host: string, port: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, host, () => resolve(new Line(socket)));
      socket.once('error', reject);
    });
  }

  send(request: string): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      this.failed = reject;
      this.answered = (status, text) => resolve({ status, text });
      this.socket.write(request);
    });
  }

  private take(chunk: Buffer): void {
    this.read = this.read.length === 0 ? chunk : Buffer.concat([this.read, chunk]);
    const head = this.read.indexOf('\r\n\r\n');
    if (head === -1) return;
    const lines = this.read.toString('latin1', 0, head);
    const length = /\r\ncontent-length: *(\d+)/i.exec(lines);
    if (!length) return this.failed?.(new Error(`an answer without a length: ${lines.slice(0, 200)}`));
    const end = head + 4 + Number(length[1]);
    if (this.read.length < end) return;
    const text = this.read.toString('utf8', head + 4, end);
    this.read = this.read.subarray(end);
    this.answered?.(Number(lines.slice(9, 12)), text);
  }

  close(): void {
    this.failed = undefined;
    this.socket.destroy();
  }
}

async function loaded({ url, path, inFlight, headers, posts, ms, expect }: LoadAsk): Promise<LoadAnswer> {
  const { hostname, port } = new URL(url);
  const lines = await Promise.all(Array.from({ length: inFlight }, () => Line.open(hostname, Number(port))));
  const common = [`Host: ${hostname}:${port}`, 'Connection: keep-alive', ...headers].join('\r\n');
  const get = `GET ${path} HTTP/1.1\r\n${common}\r\n\r\n`;
  const latencies: number[] = [];
  let [next, errors, wrong] = [0, 0, undefined as string | undefined];
  const began = performance.now();
  const requestOf = (): string | undefined => {
    if (!posts) return performance.now() - began < ms! ? get : undefined;
    const post = posts[next++];
    if (!post) return undefined;
    const length = Buffer.byteLength(post.body);
    return `POST ${path} HTTP/1.1\r\n${common}\r\nContent-Type: application/json\r\nIdempotency-Key: ${post.key}\r\nContent-Length: ${length}\r\n\r\n${post.body}`;
  };
  await Promise.all(
    lines.map(async (line) => {
      for (let request = requestOf(); request !== undefined; request = requestOf()) {
        const at = performance.now();
        const { status, text } = await line.send(request);
        latencies.push(performance.now() - at);
        if (status === expect) continue;
        errors++;
        wrong ??= `${status} ${text.slice(0, 500)}`;
      }
    }),
  );
  const tookMs = performance.now() - began;
  for (const line of lines) line.close();
  return { count: latencies.length - errors, errors, tookMs, latencies, ...(wrong === undefined ? {} : { wrong }) };
}

serveHelper<LoadAsk, LoadAnswer>(loaded, async () => {});
