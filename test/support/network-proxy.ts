import net from 'node:net';
import { once } from 'node:events';

/**
 * What can be wrong with a network: `cut`: connections end and no new one comes about; `half-open`: they stay and carry
 * nothing, and nobody is told; `reset`: each ends at once with RST; `latency`: everything 2 s late; `narrow`: 1 kB/s;
 * `slow-close`: the far side has gone, which is passed on 3 s late; `slicing`: everything in pieces of 1 to 3 bytes.
 */
export const networkFaults = ['cut', 'half-open', 'reset', 'latency', 'narrow', 'slow-close', 'slicing'] as const;
export type NetworkFault = (typeof networkFaults)[number];

const latencyMs = 2_000;
const bytesPerSecond = 1_000;
const closeMs = 3_000;
const tickMs = 20;
const mostWaiting = 64;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Room again, or nobody there any more. */
const drained = (socket: net.Socket) =>
  new Promise<void>((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });

/** Stands between a program and a server it talks to, and can be told to be bad at it. */
export class NetworkProxy {
  private readonly pairs = new Set<Pair>();
  private fault: NetworkFault | undefined;
  private readonly server: net.Server;

  private constructor(private readonly target: { readonly host: string; readonly port: number }) {
    this.server = net.createServer({ allowHalfOpen: true }, (near) => this.accept(near));
  }

  static async start(target: { readonly host: string; readonly port: number }): Promise<NetworkProxy> {
    const proxy = new NetworkProxy(target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  /** Connections that are there now. */
  get connections(): number {
    return this.pairs.size;
  }

  /** From now on, for connections that are there as for new ones. */
  set(fault: NetworkFault): void {
    this.fault = fault;
    for (const pair of this.pairs) pair.suffer(fault);
  }

  /** The network is good again; what a connection lost meanwhile stays lost, so those that lost something end. */
  heal(): void {
    this.fault = undefined;
    for (const pair of this.pairs) pair.recover();
  }

  async stop(): Promise<void> {
    for (const pair of this.pairs) pair.end();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(near: net.Socket): void {
    if (this.fault === 'cut') return void near.destroy();
    if (this.fault === 'reset') return void near.on('error', () => {}).resetAndDestroy();
    const pair = new Pair(near, net.connect({ ...this.target, allowHalfOpen: true }), () => this.pairs.delete(pair));
    this.pairs.add(pair);
    if (this.fault) pair.suffer(this.fault);
  }
}

class Pair {
  private fault: NetworkFault | undefined;
  /** Bytes went missing: no end of it can be repaired. */
  private torn = false;
  private open = 2;

  constructor(
    private readonly near: net.Socket,
    private readonly far: net.Socket,
    private readonly gone: () => void,
  ) {
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.end());
      socket.on('close', () => --this.open === 0 && this.gone());
    }
    void this.carry(near, far);
    void this.carry(far, near);
  }

  suffer(fault: NetworkFault): void {
    this.fault = fault;
    if (fault === 'cut') this.end();
    if (fault === 'reset') for (const socket of [this.near, this.far]) socket.resetAndDestroy();
    if (fault === 'slow-close') {
      this.torn = true;
      this.far.destroy();
      setTimeout(() => this.near.destroy(), closeMs);
    }
  }

  recover(): void {
    if (this.torn && this.fault === 'half-open') this.end();
    this.fault = undefined;
  }

  end(): void {
    this.near.destroy();
    this.far.destroy();
  }

  /** Each chunk waits from its own arrival on, so a late network is no narrow one. */
  private async carry(from: net.Socket, to: net.Socket): Promise<void> {
    const waiting: { readonly chunk?: Buffer; readonly at: number }[] = [];
    let wake = () => {};
    const take = (chunk?: Buffer) => {
      waiting.push({ ...(chunk ? { chunk } : {}), at: Date.now() });
      if (waiting.length > mostWaiting) from.pause();
      wake();
    };
    from.on('data', take);
    from.on('end', () => take());
    to.on('close', () => wake());
    while (!to.destroyed) {
      const next = waiting.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      if (from.isPaused() && waiting.length === 0) from.resume();
      if (next.chunk) await this.pass(next.chunk, next.at, to);
      else if (this.fault !== 'half-open') return void to.end();
    }
  }

  private async pass(chunk: Buffer, arrivedAt: number, to: net.Socket): Promise<void> {
    const write = async (piece: Buffer) => {
      if (to.writable && !to.write(piece)) await drained(to);
    };
    for (let at = 0; at < chunk.length && !to.destroyed;) {
      // The fault may come and go while a chunk is under way.
      const { fault } = this;
      if (fault === 'half-open' || fault === 'slow-close') {
        this.torn = true;
        return;
      }
      if (fault === 'latency' && Date.now() < arrivedAt + latencyMs) await pause(tickMs);
      else if (fault === 'narrow') {
        const size = (bytesPerSecond * tickMs) / 1000;
        await write(chunk.subarray(at, at + size));
        at += size;
        await pause(tickMs);
      } else if (fault === 'slicing') {
        const size = 1 + Math.floor(Math.random() * 3);
        await write(chunk.subarray(at, at + size));
        at += size;
        await new Promise((resolve) => setImmediate(resolve));
      } else {
        await write(chunk.subarray(at));
        return;
      }
    }
  }
}
