import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Arrivals } from '../../jobs/test-support/arrivals.js';

export interface Post {
  readonly key: string;
  readonly body: Record<string, unknown>;
}
/** An HTTP status, or `silence`: it takes the document and never answers. */
export type Answer = number | 'silence';

/** The energy body's system, as bad as a test wants it. It keeps one document for each Idempotency-Key. */
export class EnergyBody {
  readonly posts = new Arrivals<Post>();
  /** Every document it took, by its key. */
  readonly taken = new Map<string, Record<string, unknown>>();
  answer: (post: Post) => Answer | Promise<Answer> = () => 200;
  private readonly server = http.createServer((request, response) => void this.serve(request, response));

  static async start(): Promise<EnergyBody> {
    const body = new EnergyBody();
    body.server.listen(0, '127.0.0.1');
    await once(body.server, 'listening');
    return body;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/notices`;
  }

  /** Delivery to it, for the options of a process. */
  push(timeoutMs = 2000) {
    return { channel: 'push', url: this.url, timeoutMs } as const;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let text = '';
    try {
      for await (const chunk of request) text += String(chunk);
    } catch {
      // Broken off while it was sent: nothing was asked.
      return;
    }
    const post = { key: String(request.headers['idempotency-key']), body: JSON.parse(text) as Record<string, unknown> };
    const answer = await this.answer(post);
    if (typeof answer === 'number' && answer < 300) this.taken.set(post.key, post.body);
    this.posts.add(post);
    if (answer === 'silence') return;
    response.statusCode = answer;
    response.end('{}');
  }
}
