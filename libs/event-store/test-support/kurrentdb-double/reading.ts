import { status, type ServerWritableStream } from '@grpc/grpc-js';
import streamsPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { Access } from './access.js';
import { comparePlaces, noRevision, type Place, type Recorded, type ServerLog } from './log.js';
import {
  caughtUpMessage,
  checkpointMessage,
  confirmationMessage,
  deletedError,
  deniedError,
  eventMessage,
  notFoundMessage,
  serverError,
  streamNameOf,
} from './messages.js';

type ReadCall = ServerWritableStream<streamsPb.ReadReq, streamsPb.ReadResp>;
type Options = streamsPb.ReadReq.Options;

/** The server looks at this many events between two checkpoints of a filter, times the client's multiplier. */
const defaultWindow = 500;

export const isSubscription = (call: ReadCall): boolean => call.request.getOptions()!.hasSubscription();

export function read(log: ServerLog, access: Access, call: ReadCall): void {
  const options = call.request.getOptions()!;
  const name = options.hasAll() ? '$all' : streamNameOf(options.getStream()!.getStreamIdentifier());
  if (!access.mayRead(log, call.metadata, name)) return void call.emit('error', deniedError());
  if (options.getResolveLinks())
    return void call.emit(
      'error',
      serverError(status.UNIMPLEMENTED, undefined, { reason: 'the double resolves no links' }),
    );
  if (!options.hasAll() && log.isTombstoned(name)) return void call.emit('error', deletedError(name));
  const found = options.hasAll() ? readAll(log, options) : readStream(log, name, options);
  if (found === undefined) call.write(notFoundMessage(name));
  for (const event of found ?? []) call.write(eventMessage(event, hasStructuredIds(options)));
  call.end();
}

const hasStructuredIds = (options: Options): boolean => options.getUuidOption()?.hasStructured() ?? false;
const isBackwards = (options: Options): boolean =>
  options.getReadDirection() === streamsPb.ReadReq.Options.ReadDirection.BACKWARDS;

function limited(events: readonly Recorded[], options: Options): readonly Recorded[] {
  const count = BigInt(options.getCount() || 0);
  return count >= BigInt(events.length) ? events : events.slice(0, Number(count));
}

/** From a revision inclusive, in both directions. */
function readStream(log: ServerLog, name: string, options: Options): readonly Recorded[] | undefined {
  const visible = log.visible(name);
  if (visible === undefined) return undefined;
  const stream = options.getStream()!;
  const from = stream.hasRevision() ? BigInt(stream.getRevision()) : undefined;
  if (!isBackwards(options)) {
    if (stream.hasEnd()) return [];
    return limited(from === undefined ? visible : visible.filter((one) => BigInt(one.revision) >= from), options);
  }
  const backwards = [...visible].reverse();
  if (stream.hasStart()) return limited(backwards.slice(-1), options);
  return limited(from === undefined ? backwards : backwards.filter((one) => BigInt(one.revision) <= from), options);
}

/** Forwards from a position inclusive, backwards what lies before it. */
function readAll(log: ServerLog, options: Options): readonly Recorded[] {
  const all = options.getAll()!;
  const from = all.hasPosition() ? placeOf(all.getPosition()!) : undefined;
  const passes = filterOf(options);
  if (!isBackwards(options)) {
    if (all.hasEnd()) return [];
    const after = from === undefined ? log.all : log.all.filter((one) => comparePlaces(one, from) >= 0);
    return limited(after.filter(passes), options);
  }
  if (all.hasStart()) return [];
  const before = from === undefined ? log.all : log.all.filter((one) => comparePlaces(one, from) < 0);
  return limited([...before].reverse().filter(passes), options);
}

const placeOf = (position: streamsPb.ReadReq.Options.Position): Place => ({
  commit: BigInt(position.getCommitPosition()),
  prepare: BigInt(position.getPreparePosition()),
});

function filterOf(options: Options): (event: Recorded) => boolean {
  if (!options.hasFilter()) return () => true;
  const filter = options.getFilter()!;
  const expression = filter.getStreamIdentifier() ?? filter.getEventType()!;
  const subject = (event: Recorded) => (filter.hasStreamIdentifier() ? event.stream : event.type);
  const prefixes = expression.getPrefixList();
  if (prefixes.length > 0) return (event) => prefixes.some((prefix) => subject(event).startsWith(prefix));
  const regex = new RegExp(expression.getRegex(), 'u');
  return (event) => regex.test(subject(event));
}

let subscriptionCount = 0;

/** Catch-up, `caughtUp`, then live, until the client leaves. With a filter a checkpoint now and then. */
export function subscribe(log: ServerLog, access: Access, call: ReadCall, times: 1 | 2): void {
  const options = call.request.getOptions()!;
  const name = options.hasAll() ? '$all' : streamNameOf(options.getStream()!.getStreamIdentifier());
  if (!access.mayRead(log, call.metadata, name)) return void call.emit('error', deniedError());
  if (!options.hasAll() && log.isTombstoned(name)) return void call.emit('error', deletedError(name));
  const passes = filterOf(options);
  const filter = options.getFilter();
  const window =
    (filter?.hasMax() ? filter.getMax() : defaultWindow) * (filter?.getCheckpointintervalmultiplier() || 1);
  let looked = 0;

  const show = (event: Recorded) => {
    if (options.hasAll() ? passes(event) : event.stream === name)
      for (let time = 0; time < times; time++) call.write(eventMessage(event, hasStructuredIds(options)));
    if (filter !== undefined && ++looked % window === 0) call.write(checkpointMessage(event));
  };

  call.write(confirmationMessage(`subscription-${++subscriptionCount}`));
  for (const event of options.hasAll() ? allAfter(log, options) : streamAfter(log, name, options)) show(event);
  // When a filtered subscription is level with the log, the checkpoint says how far that is.
  if (filter !== undefined && log.head !== undefined) call.write(checkpointMessage(log.head));
  const last = log.lastRevision(name);
  call.write(caughtUpMessage(options.hasAll() ? log.head : last === noRevision ? undefined : last));
  log.news.on('recorded', show);
  const leave = () => void log.news.off('recorded', show);
  call.on('cancelled', leave);
  call.on('close', leave);
}

/** Subscriptions begin after the position or revision that they name. */
function allAfter(log: ServerLog, options: Options): readonly Recorded[] {
  const all = options.getAll()!;
  if (all.hasEnd()) return [];
  const from = all.hasPosition() ? placeOf(all.getPosition()!) : undefined;
  return from === undefined ? [...log.all] : log.all.filter((one) => comparePlaces(one, from) > 0);
}

function streamAfter(log: ServerLog, name: string, options: Options): readonly Recorded[] {
  const stream = options.getStream()!;
  if (stream.hasEnd()) return [];
  const from = stream.hasRevision() ? BigInt(stream.getRevision()) : -1n;
  return (log.visible(name) ?? []).filter((one) => BigInt(one.revision) > from);
}
