import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import timestampPb from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import sharedPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import statusPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import streamsPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { Fault } from './faults.js';
import { noRevision, type Expected, type Place, type Recorded } from './log.js';

export const emptyMessage = () => new emptyPb.Empty();
export const serverEmpty = () => new sharedPb.Empty();

export const streamNameOf = (identifier: sharedPb.StreamIdentifier | undefined): string =>
  Buffer.from(identifier!.getStreamName_asU8()).toString('utf8');

export function streamIdentifier(name: string): sharedPb.StreamIdentifier {
  return new sharedPb.StreamIdentifier().setStreamName(new Uint8Array(Buffer.from(name, 'utf8')));
}

/** A client may send an id as text or as two halves. */
export function uuidText(uuid: sharedPb.UUID | undefined): string {
  if (uuid?.hasString()) return uuid.getString();
  const halves = uuid!.getStructured()!;
  const hex = [halves.getMostSignificantBits(), halves.getLeastSignificantBits()]
    .map((half) => BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0'))
    .join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function uuidMessage(id: string, structured: boolean): sharedPb.UUID {
  if (!structured) return new sharedPb.UUID().setString(id);
  const hex = id.replaceAll('-', '');
  const half = (from: number) => BigInt.asIntN(64, BigInt(`0x${hex.slice(from, from + 16)}`)).toString();
  const halves = new sharedPb.UUID.Structured().setMostSignificantBits(half(0)).setLeastSignificantBits(half(16));
  return new sharedPb.UUID().setStructured(halves);
}

export function eventMessage(event: Recorded, structuredIds: boolean): streamsPb.ReadResp {
  const recorded = new streamsPb.ReadResp.ReadEvent.RecordedEvent()
    .setId(uuidMessage(event.id, structuredIds))
    .setStreamIdentifier(streamIdentifier(event.stream))
    .setStreamRevision(String(event.revision))
    .setCommitPosition(String(event.commit))
    .setPreparePosition(String(event.prepare))
    .setCustomMetadata(event.metadata)
    .setData(event.data);
  recorded.getMetadataMap().set('type', event.type);
  recorded.getMetadataMap().set('content-type', event.contentType);
  recorded.getMetadataMap().set('created', String(event.created));
  const read = new streamsPb.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(event.commit));
  return new streamsPb.ReadResp().setEvent(read);
}

export function notFoundMessage(stream: string): streamsPb.ReadResp {
  const notFound = new streamsPb.ReadResp.StreamNotFound().setStreamIdentifier(streamIdentifier(stream));
  return new streamsPb.ReadResp().setStreamNotFound(notFound);
}

export function confirmationMessage(id: string): streamsPb.ReadResp {
  return new streamsPb.ReadResp().setConfirmation(
    new streamsPb.ReadResp.SubscriptionConfirmation().setSubscriptionId(id),
  );
}

const timestamp = () => timestampPb.Timestamp.fromDate(new Date());

export function checkpointMessage({ commit, prepare }: Place): streamsPb.ReadResp {
  const checkpoint = new streamsPb.ReadResp.Checkpoint()
    .setCommitPosition(String(commit))
    .setPreparePosition(String(prepare))
    .setTimestamp(timestamp());
  return new streamsPb.ReadResp().setCheckpoint(checkpoint);
}

export function caughtUpMessage(at: Place | number | undefined): streamsPb.ReadResp {
  const caughtUp = new streamsPb.ReadResp.CaughtUp().setTimestamp(timestamp());
  if (typeof at === 'number') caughtUp.setStreamRevision(String(at));
  else if (at !== undefined)
    caughtUp.setPosition(
      new streamsPb.ReadResp.Position().setCommitPosition(String(at.commit)).setPreparePosition(String(at.prepare)),
    );
  return new streamsPb.ReadResp().setCaughtUp(caughtUp);
}

/** An error as the server sends it: the kind in the trailer `exception`, details in others. */
export function serverError(code: number, exception: string | undefined, trailers: Record<string, string> = {}) {
  const metadata = new Metadata();
  if (exception !== undefined) metadata.set('exception', exception);
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return serviceError(code, exception ?? 'the server failed', metadata);
}

/** An error of the second protocol: typed details in the trailer `grpc-status-details-bin`. */
export function detailedError(code: number, typeName: string, details: { serializeBinary(): Uint8Array }) {
  const any = new anyPb.Any();
  any.pack(details.serializeBinary(), typeName);
  const metadata = new Metadata();
  const message = new statusPb.Status().setMessage(typeName).setDetails(any);
  metadata.set('grpc-status-details-bin', Buffer.from(message.serializeBinary()));
  return serviceError(code, typeName, metadata);
}

const serviceError = (code: number, details: string, metadata: Metadata): ServiceError =>
  Object.assign(new Error(details), { code, details, metadata });

export const deletedError = (stream: string) =>
  serverError(status.FAILED_PRECONDITION, 'stream-deleted', { 'stream-name': stream });

export const deniedError = () => serverError(status.PERMISSION_DENIED, 'access-denied');

export const wrongVersionError = (stream: string, expected: Expected, current: number) =>
  serverError(status.FAILED_PRECONDITION, 'wrong-expected-version', {
    'stream-name': stream,
    'expected-version': String(expectedNumber(expected)),
    ...(current === noRevision ? {} : { 'actual-version': String(current) }),
  });

/** The numbers of the protocol for expectations that are no revision. */
export const expectedNumber = (expected: Expected): number =>
  expected === 'any' ? -2 : expected === 'no-stream' ? noRevision : expected === 'exists' ? -4 : expected;

export function errorOf(fault: Fault): ServiceError | undefined {
  if (fault.kind === 'failed' || fault.kind === 'done-failed') return serverError(fault.code, undefined);
  if (fault.kind !== 'not-leader') return undefined;
  return serverError(status.NOT_FOUND, 'not-leader', {
    'leader-endpoint-host': fault.host,
    'leader-endpoint-port': String(fault.port),
  });
}
