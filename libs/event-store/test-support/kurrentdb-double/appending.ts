import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import {
  status,
  type Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import sharedPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import statusPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import streamsPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { Access } from './access.js';
import { noRevision, type Expected, type Proposed, type ServerLog, type Written } from './log.js';
import {
  deletedError,
  deniedError,
  emptyMessage,
  serverEmpty,
  serverError,
  streamIdentifier,
  streamNameOf,
  uuidText,
} from './messages.js';

type ProposedMessage = streamsPb.AppendReq.ProposedMessage | streamsPb.BatchAppendReq.ProposedMessage;

export function proposedOf(message: ProposedMessage): Proposed {
  return {
    id: uuidText(message.getId()),
    type: message.getMetadataMap().get('type') ?? '',
    contentType: message.getMetadataMap().get('content-type') ?? 'application/octet-stream',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

/** What an event takes on disk, as the server counts it against its limit for one append. */
export const sizeOnDisk = ({ type, data, metadata }: Proposed): number =>
  data.length + metadata.length + 2 * type.length;

export const sizeOf = (events: readonly Proposed[]): number => events.reduce((sum, one) => sum + sizeOnDisk(one), 0);

export interface AppendingServer {
  readonly log: ServerLog;
  readonly access: Access;
  readonly maxAppendSize: number;
}

type AppendCall = ServerReadableStream<streamsPb.AppendReq, streamsPb.AppendResp>;

export interface AppendRequest {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly Proposed[];
}

/** One append: its options, then its events one message each. */
export async function receiveAppend(call: AppendCall): Promise<AppendRequest> {
  let options: streamsPb.AppendReq.Options | undefined;
  const events: Proposed[] = [];
  for await (const message of call as AsyncIterable<streamsPb.AppendReq>)
    if (message.hasOptions()) options = message.getOptions();
    else events.push(proposedOf(message.getProposedMessage()!));
  return { stream: streamNameOf(options!.getStreamIdentifier()), expected: expectedOf(options!), events };
}

export function expectedOf(
  options: streamsPb.AppendReq.Options | streamsPb.DeleteReq.Options | streamsPb.TombstoneReq.Options,
): Expected {
  if (options.hasRevision()) return Number(options.getRevision());
  if (options.hasNoStream()) return 'no-stream';
  return options.hasStreamExists() ? 'exists' : 'any';
}

/** @throws ServiceError for what is no wrong version. */
export function append(server: AppendingServer, metadata: Metadata, request: AppendRequest): streamsPb.AppendResp {
  const { stream, expected, events } = request;
  if (!server.access.mayWrite(server.log, metadata, stream)) throw deniedError();
  if (sizeOf(events) > server.maxAppendSize)
    throw serverError(status.INVALID_ARGUMENT, 'maximum-append-size-exceeded', {
      'maximum-append-size': String(server.maxAppendSize),
    });
  const written = server.log.write([{ stream, expected, events }]);
  if (written.outcome === 'deleted') throw deletedError(stream);
  if (written.outcome === 'corrupted-idempotency') throw serverError(status.UNKNOWN, undefined);
  const answer = new streamsPb.AppendResp();
  if (written.outcome === 'wrong') return answer.setWrongExpectedVersion(wrongVersion(expected, written.current));
  const success = new streamsPb.AppendResp.Success().setCurrentRevision(String(written.revisions[0]));
  if (written.place === undefined) success.setNoPosition(serverEmpty());
  else
    success.setPosition(
      new streamsPb.AppendResp.Position()
        .setCommitPosition(String(written.place.commit))
        .setPreparePosition(String(written.place.prepare)),
    );
  return answer.setSuccess(success);
}

function wrongVersion(expected: Expected, current: number): streamsPb.AppendResp.WrongExpectedVersion {
  const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
  if (current === noRevision) wrong.setCurrentNoStream(serverEmpty());
  else wrong.setCurrentRevision(String(current));
  if (expected === 'any') wrong.setExpectedAny(serverEmpty());
  else if (expected === 'exists') wrong.setExpectedStreamExists(serverEmpty());
  else if (expected === 'no-stream') wrong.setExpectedNoStream(serverEmpty());
  else wrong.setExpectedRevision(String(expected));
  return wrong;
}

export type BatchCall = ServerDuplexStream<streamsPb.BatchAppendReq, streamsPb.BatchAppendResp>;

export interface Batch extends AppendRequest {
  readonly correlationId: string;
  readonly deadline: Date | undefined;
}

/** Batches may come in pieces and mingled; `done` gets each once its last piece is here. */
export function receiveBatches(call: BatchCall, done: (batch: Batch) => void): void {
  const open = new Map<string, { options: streamsPb.BatchAppendReq.Options; events: Proposed[] }>();
  call.on('data', (message: streamsPb.BatchAppendReq) => {
    const correlationId = uuidText(message.getCorrelationId());
    const known = open.get(correlationId) ?? { options: message.getOptions()!, events: [] };
    open.set(correlationId, known);
    known.events.push(...message.getProposedMessagesList().map(proposedOf));
    if (!message.getIsFinal()) return;
    open.delete(correlationId);
    const { options, events } = known;
    done({
      correlationId,
      stream: streamNameOf(options.getStreamIdentifier()),
      expected: batchExpectation(options),
      deadline: options.hasDeadline21100() ? options.getDeadline21100()!.toDate() : undefined,
      events,
    });
  });
  call.on('end', () => call.end());
}

function batchExpectation(options: streamsPb.BatchAppendReq.Options): Expected {
  if (options.hasStreamPosition()) return Number(options.getStreamPosition());
  if (options.hasNoStream()) return 'no-stream';
  return options.hasStreamExists() ? 'exists' : 'any';
}

export function appendBatch(server: AppendingServer, metadata: Metadata, batch: Batch): streamsPb.BatchAppendResp {
  const { stream, expected, events, correlationId, deadline } = batch;
  const answer = new streamsPb.BatchAppendResp()
    .setCorrelationId(new sharedPb.UUID().setString(correlationId))
    .setStreamIdentifier(streamIdentifier(stream));
  if (expected === 'any') answer.setAny(emptyMessage());
  else if (expected === 'exists') answer.setStreamExists(emptyMessage());
  else if (expected === 'no-stream') answer.setNoStream(emptyMessage());
  else answer.setStreamPosition(String(expected));
  const failed = (kind: string, details: { serializeBinary(): Uint8Array }) =>
    answer.setError(statusMessage(`event_store.client.${kind}`, details));

  if (!server.access.mayWrite(server.log, metadata, stream)) return failed('AccessDenied', new sharedPb.AccessDenied());
  if (deadline !== undefined && deadline.getTime() <= Date.now()) return failed('Timeout', new sharedPb.Timeout());
  if (sizeOf(events) > server.maxAppendSize)
    return failed(
      'MaximumAppendSizeExceeded',
      new sharedPb.MaximumAppendSizeExceeded().setMaxappendsize(server.maxAppendSize),
    );
  const written = server.log.write([{ stream, expected, events }]);
  if (written.outcome === 'deleted')
    return failed('StreamDeleted', new sharedPb.StreamDeleted().setStreamIdentifier(streamIdentifier(stream)));
  if (written.outcome === 'corrupted-idempotency') return failed('Unknown', new sharedPb.Unknown());
  if (written.outcome === 'wrong') return failed('WrongExpectedVersion', batchWrongVersion(expected, written.current));
  return answer.setSuccess(batchSuccess(written));
}

function batchSuccess(written: Extract<Written, { outcome: 'success' }>): streamsPb.BatchAppendResp.Success {
  const success = new streamsPb.BatchAppendResp.Success().setCurrentRevision(String(written.revisions[0]));
  if (written.place === undefined) return success.setNoPosition(emptyMessage());
  return success.setPosition(
    new sharedPb.AllStreamPosition()
      .setCommitPosition(String(written.place.commit))
      .setPreparePosition(String(written.place.prepare)),
  );
}

function batchWrongVersion(expected: Expected, current: number): sharedPb.WrongExpectedVersion {
  const wrong = new sharedPb.WrongExpectedVersion();
  if (current === noRevision) wrong.setCurrentNoStream(emptyMessage());
  else wrong.setCurrentStreamRevision(String(current));
  if (expected === 'any') return wrong.setExpectedAny(emptyMessage());
  if (expected === 'exists') return wrong.setExpectedStreamExists(emptyMessage());
  if (expected === 'no-stream') return wrong.setExpectedNoStream(emptyMessage());
  return wrong.setExpectedStreamPosition(String(expected));
}

function statusMessage(typeName: string, details: { serializeBinary(): Uint8Array }): statusPb.Status {
  const any = new anyPb.Any();
  any.pack(details.serializeBinary(), typeName);
  return new statusPb.Status().setMessage(typeName).setDetails(any);
}

export const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && 'metadata' in error;
