import { status, type Metadata, type ServerReadableStream } from '@grpc/grpc-js';
import v2Errors from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/errors_pb.js';
import v2 from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_pb.js';
import { sizeOf, type AppendingServer, type AppendRequest } from './appending.js';
import { bytesOf, type Expected, type Proposed } from './log.js';
import { deniedError, detailedError, expectedNumber, serverError } from './messages.js';

type SessionCall = ServerReadableStream<v2.AppendRequest, v2.AppendSessionResponse>;

/** The second protocol's append to several streams: one message a stream, all of them or none. */
export async function receiveSession(call: SessionCall): Promise<readonly AppendRequest[]> {
  const requests: AppendRequest[] = [];
  for await (const message of call as AsyncIterable<v2.AppendRequest>)
    requests.push({
      stream: message.getStream(),
      expected: message.hasExpectedRevision() ? expectedOf(Number(message.getExpectedRevision())) : 'any',
      events: message.getRecordsList().map(proposedOf),
    });
  return requests;
}

const expectedOf = (revision: number): Expected =>
  revision === -1 ? 'no-stream' : revision === -2 ? 'any' : revision === -4 ? 'exists' : revision;

function proposedOf(record: v2.AppendRecord): Proposed {
  const isJson = record.getSchema()!.getFormat() === v2.SchemaFormat.SCHEMA_FORMAT_JSON;
  // The old protocol shows the properties of the new one as JSON metadata, with the schema's format among them.
  const properties: Record<string, unknown> = { '$schema.format': isJson ? 'Json' : 'Bytes' };
  record.getPropertiesMap().forEach((value, name) => (properties[name] = value.toJavaScript()));
  return {
    id: record.getRecordId() ?? crypto.randomUUID(),
    type: record.getSchema()!.getName(),
    contentType: isJson ? 'application/json' : 'application/octet-stream',
    data: record.getData_asU8(),
    metadata: bytesOf(properties),
  };
}

const typeOf = (name: string) => `kurrentdb.protocol.v2.streams.errors.${name}`;

/** @throws ServiceError with typed details */
export function appendSession(
  server: AppendingServer,
  metadata: Metadata,
  requests: readonly AppendRequest[],
): v2.AppendSessionResponse {
  const seen = new Set<string>();
  for (const { stream } of requests) {
    if (!server.access.mayWrite(server.log, metadata, stream)) throw deniedError();
    // The server compares the names without regard to case.
    if (seen.has(stream.toLowerCase()))
      throw detailedError(
        status.INVALID_ARGUMENT,
        typeOf('StreamAlreadyInAppendSessionErrorDetails'),
        new v2Errors.StreamAlreadyInAppendSessionErrorDetails().setStream(stream),
      );
    seen.add(stream.toLowerCase());
  }
  const size = requests.reduce((sum, { events }) => sum + sizeOf(events), 0);
  if (size > server.maxAppendSize)
    throw detailedError(
      status.ABORTED,
      typeOf('AppendTransactionSizeExceededErrorDetails'),
      new v2Errors.AppendTransactionSizeExceededErrorDetails().setSize(size).setMaxSize(server.maxAppendSize),
    );
  const written = server.log.write(requests);
  // The server looks for the stream at fault, finds none, and fails over that.
  if (written.outcome === 'corrupted-idempotency') throw serverError(status.UNKNOWN, undefined);
  if (written.outcome === 'deleted')
    throw detailedError(
      status.FAILED_PRECONDITION,
      typeOf('StreamTombstonedErrorDetails'),
      new v2Errors.StreamTombstonedErrorDetails().setStream(requests[written.index]!.stream),
    );
  if (written.outcome === 'wrong') {
    const { stream, expected } = requests[written.index]!;
    throw detailedError(
      status.FAILED_PRECONDITION,
      typeOf('StreamRevisionConflictErrorDetails'),
      new v2Errors.StreamRevisionConflictErrorDetails()
        .setStream(stream)
        .setExpectedRevision(String(expectedNumber(expected)))
        .setActualRevision(String(written.current)),
    );
  }
  const answer = new v2.AppendSessionResponse().setPosition(String(written.place?.commit ?? -1));
  for (const [n, { stream }] of requests.entries())
    answer.addOutput(new v2.AppendResponse().setStream(stream).setStreamRevision(String(written.revisions[n])));
  return answer;
}
