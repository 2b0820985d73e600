import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Server, ServerCredentials, status, type sendUnaryData, type ServiceError } from '@grpc/grpc-js';
import featuresGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
import featuresPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import streamsGrpc, {
  type IStreamsServer,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import streamsPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import sessionsGrpc, {
  type IStreamsServiceServer,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_grpc_pb.js';
import usersGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_grpc_pb.js';
import { Access, type User } from './access.js';
import {
  append,
  appendBatch,
  expectedOf,
  isServiceError,
  receiveAppend,
  receiveBatches,
  type AppendingServer,
} from './appending.js';
import { Faults, type Fault, type Method } from './faults.js';
import { ServerLog, type ServerLogOptions, type Written } from './log.js';
import { deletedError, deniedError, errorOf, serverError, streamNameOf, wrongVersionError } from './messages.js';
import { isSubscription, read, subscribe } from './reading.js';
import { appendSession, receiveSession } from './sessions.js';
import { usersService } from './users.js';

export interface DoubleOptions extends ServerLogOptions {
  /** Appends to several streams at once, as servers from 25.1 have them. Default true. */
  readonly sessions?: boolean;
  /** Appends over one long call, as servers from 21.10 have them. Default true. */
  readonly batches?: boolean;
  readonly maxAppendSize?: number;
  /** With these it is a secure server: TLS, and users by login name. */
  readonly secure?: {
    readonly certificate: Buffer;
    readonly key: Buffer;
    readonly users: Readonly<Record<string, User>>;
  };
  /** The log of another double: two nodes of one cluster. */
  readonly log?: ServerLog;
}

export interface KurrentDouble {
  readonly host: string;
  readonly port: number;
  /** The connection string of a client. */
  readonly url: string;
  readonly log: ServerLog;
  readonly faults: Faults;
  /** Accounts by login name; none when it is not secure. */
  readonly users: Map<string, User>;
  /** Open connections of clients. */
  connectionCount(): number;
  resetConnections(): void;
  stop(): Promise<void>;
}

/** One mebibyte, the server's default. */
const defaultMaxAppendSize = 1_048_576;

/** A server that speaks KurrentDB's protocols on a port of this machine and keeps everything in memory. */
export async function startKurrentDouble(options: DoubleOptions = {}): Promise<KurrentDouble> {
  const { sessions = true, batches = true, maxAppendSize = defaultMaxAppendSize, secure } = options;
  const log = options.log ?? new ServerLog(options);
  const faults = new Faults();
  const sockets = new Set<net.Socket>();
  const state: AppendingServer = { log, access: new Access(secure?.users), maxAppendSize };
  const resetConnections = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  const grpc = new Server({ 'grpc.max_receive_message_length': 32 * 1024 * 1024 });
  const meet = disturbed(faults, resetConnections);
  grpc.addService(streamsGrpc.StreamsService, streamsService(state, meet));
  if (sessions) grpc.addService(sessionsGrpc.StreamsServiceService, sessionsService(state, meet));
  grpc.addService(usersGrpc.UsersService, usersService(state.access));
  grpc.addService(featuresGrpc.ServerFeaturesService, {
    getSupportedMethods: (_: unknown, answer: sendUnaryData<featuresPb.SupportedMethods>) =>
      answered(
        meet('features', () => supportedMethods(sessions, batches)),
        answer,
      ),
  });
  const injector = grpc.createConnectionInjector(
    secure === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [{ cert_chain: secure.certificate, private_key: secure.key }]),
  );
  const listener = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    injector.injectConnection(socket);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as net.AddressInfo;

  return {
    host: '127.0.0.1',
    port,
    url: `kurrentdb://127.0.0.1:${port}?tls=${secure !== undefined}`,
    log,
    faults,
    users: state.access.users,
    connectionCount: () => sockets.size,
    resetConnections,
    stop: async () => {
      const closed = once(listener, 'close');
      listener.close();
      injector.destroy();
      for (const socket of sockets) socket.destroy();
      grpc.forceShutdown();
      await closed;
    },
  };
}

/** Does what a call asks, or what the fault says instead. Resolves to undefined when no answer is to be given. */
type Meet = <T>(method: Method, act: (times: 1 | 2) => T) => Promise<T | undefined>;

function disturbed(faults: Faults, reset: () => void): Meet {
  return async (method, act) => {
    const fault = faults.take(method);
    if (fault === undefined) return act(1);
    if (fault.kind === 'slow') {
      await wait(fault.ms);
      return act(1);
    }
    if (fault.kind === 'duplicate') {
      // A subscription shows everything twice; what stores is done twice.
      if (method !== 'subscribe') act(1);
      return act(2);
    }
    if (isDone(fault)) act(1);
    if (fault.kind === 'reset' || fault.kind === 'done-reset') reset();
    const error = errorOf(fault);
    if (error !== undefined) throw error;
    return undefined;
  };
}

const isDone = ({ kind }: Fault): boolean => kind.startsWith('done-');

function answered<T>(outcome: Promise<T | undefined>, answer: sendUnaryData<T>): void {
  outcome.then(
    (value) => value !== undefined && answer(null, value),
    (error: unknown) => answer(asServiceError(error)),
  );
}

const asServiceError = (error: unknown): ServiceError =>
  isServiceError(error) ? error : serverError(status.INTERNAL, undefined, { cause: String(error) });

function streamsService(state: AppendingServer, meet: Meet): IStreamsServer {
  const { log, access } = state;
  const removing = (
    metadata: Parameters<Access['mayDelete']>[1],
    stream: string,
    remove: () => Written,
    expected: Parameters<typeof wrongVersionError>[1],
  ) => {
    if (!access.mayDelete(log, metadata, stream)) throw deniedError();
    const written = remove();
    if (written.outcome === 'deleted') throw deletedError(stream);
    if (written.outcome === 'wrong') throw wrongVersionError(stream, expected, written.current);
    return written.outcome === 'success' ? written.place : undefined;
  };
  return {
    append: (call, answer) =>
      answered(
        receiveAppend(call).then((request) => meet('append', () => append(state, call.metadata, request))),
        answer,
      ),
    batchAppend: (call) => {
      call.on('error', () => {});
      receiveBatches(call, (batch) => {
        meet('batchAppend', () => appendBatch(state, call.metadata, batch)).then(
          (answer) => answer !== undefined && call.write(answer),
          (error: unknown) => call.emit('error', asServiceError(error)),
        );
      });
    },
    read: (call) => {
      call.on('error', () => {});
      const method = isSubscription(call) ? 'subscribe' : 'read';
      meet(method, (times) =>
        method === 'read' ? read(log, access, call) : subscribe(log, access, call, times),
      ).catch((error: unknown) => call.emit('error', asServiceError(error)));
    },
    delete: (call, answer) => {
      const options = call.request.getOptions()!;
      const stream = streamNameOf(options.getStreamIdentifier());
      const expected = expectedOf(options);
      const act = () => {
        const place = removing(call.metadata, stream, () => log.softDelete(stream, expected), expected)!;
        const position = new streamsPb.DeleteResp.Position()
          .setCommitPosition(String(place.commit))
          .setPreparePosition(String(place.prepare));
        return new streamsPb.DeleteResp().setPosition(position);
      };
      answered(meet('delete', act), answer);
    },
    tombstone: (call, answer) => {
      const options = call.request.getOptions()!;
      const stream = streamNameOf(options.getStreamIdentifier());
      const expected = expectedOf(options);
      const act = () => {
        const place = removing(call.metadata, stream, () => log.tombstone(stream, expected), expected)!;
        const position = new streamsPb.TombstoneResp.Position()
          .setCommitPosition(String(place.commit))
          .setPreparePosition(String(place.prepare));
        return new streamsPb.TombstoneResp().setPosition(position);
      };
      answered(meet('tombstone', act), answer);
    },
  };
}

function sessionsService(state: AppendingServer, meet: Meet): IStreamsServiceServer {
  return {
    appendSession: (call, answer) =>
      answered(
        receiveSession(call).then((requests) =>
          meet('appendSession', () => appendSession(state, call.metadata, requests)),
        ),
        answer,
      ),
    appendRecords: (_, answer) => answer({ code: status.UNIMPLEMENTED }),
  };
}

function supportedMethods(sessions: boolean, batches: boolean): featuresPb.SupportedMethods {
  const supported: readonly (readonly [string, string])[] = [
    ...['append', 'read', 'delete', 'tombstone', ...(batches ? ['batchappend'] : [])].map(
      (method) => ['event_store.client.streams.streams', method] as const,
    ),
    ...(sessions ? [['kurrentdb.protocol.v2.streams.streamsservice', 'appendsession'] as const] : []),
  ];
  const answer = new featuresPb.SupportedMethods().setEventStoreServerVersion(sessions ? '25.1.0' : '24.10.0');
  for (const [service, method] of supported)
    answer.addMethods(new featuresPb.SupportedMethod().setServiceName(service).setMethodName(method));
  return answer;
}
