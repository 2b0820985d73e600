import { isRejection, tracedBy, type Cause, type Uuid } from '#libs/kernel';
import { isSent, noticeDecider, noticeStream, type NoticeState } from '#libs/domain';
import { onNotice, systemRequest, type House } from '#libs/application';
import { HopelessJobError, RetryLaterError, retryDelayMs, type Process } from '#libs/jobs';
import { refusedJob } from './refused-job.js';
import type { WatchJob } from './watch-job.js';
import { findNoticeToDeliver, type DeliveredNotice } from './notice-to-deliver.js';

/** How notices reach the energy body: it reads them in our inbox, or its system takes them from us. */
export type DeliveryConfig =
  | { readonly channel: 'inbox' }
  | {
      readonly channel: 'push';
      readonly url: string;
      /** What their system wants to know us by, e.g. `authorization`. Never logged, never recorded. */
      readonly headers?: { readonly [name: string]: string };
      /** Default 10 s. */
      readonly timeoutMs?: number;
    };

/**
 * How many notices go into one job. A notice that is pushed has retries of its own; those for the inbox need only be
 * recorded, so many share the cost of a job.
 */
export const noticesPerJob = ({ channel }: DeliveryConfig): number => (channel === 'push' ? 1 : 100);

/**
 * The job that brings notices to the energy body. A notice's own stream says what was done, so a job that runs twice
 * records once; killed between the post and the record, it posts again under the same Idempotency-Key. What fails is
 * tried again for ever, past the deadline too.
 */
export function deliverNotice(house: House, config: DeliveryConfig, watch: WatchJob): Process<'deliver-notice'> {
  return async ({ noticeIds }, { signal }) => {
    const one = async (noticeId: Uuid): Promise<void> => {
      const stream = noticeStream(noticeId);
      // A stale state costs a needless try at most: the record below looks anew. That there is no notice, nobody may
      // conclude from one: another process may have issued it since.
      const known = config.channel === 'inbox' ? await house.writePath.load(stream, noticeDecider) : undefined;
      const { state, cause } =
        known !== undefined && known.state.situation !== 'none'
          ? known
          : await house.writePath.fresh(stream, noticeDecider);
      await watch('deliver-notice', cause ?? { correlationId: noticeId }, (traceparent) =>
        deliver(house, config, noticeId, state, tracedBy(cause, traceparent), signal),
      );
    };
    const outcomes = await Promise.allSettled(noticeIds.map(one));
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    // While one of them may still get through, the job is not hopeless.
    if (errors.length > 0) throw errors.find((error) => !(error instanceof HopelessJobError)) ?? errors[0];
  };
}

async function deliver(
  house: House,
  config: DeliveryConfig,
  noticeId: Uuid,
  state: NoticeState,
  cause: Cause | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (state.situation === 'none') throw new HopelessJobError('there is no such notice');
  if (state.situation === 'historical' || isSent(state)) return;
  const { channel } = config;
  if (channel === 'inbox') {
    const sent = { type: 'RecordNoticeSent', channel } as const;
    return record(house, noticeId, sent, `notice-sent/${noticeId}`, cause);
  }
  const document = await findNoticeToDeliver(house.writePath.store, noticeId);
  if (!document) throw new HopelessJobError('there is no such notice');
  const failure = await post(config, document, signal);
  if (failure === undefined) {
    const delivered = { type: 'RecordNoticeDelivery', channel } as const;
    return record(house, noticeId, delivered, `notice-delivered/${noticeId}`, cause);
  }
  const attempt = state.attempts + 1;
  const failed = { type: 'RecordNoticeFailure', channel, reason: failure } as const;
  await record(house, noticeId, failed, `notice-failed/${noticeId}/${attempt}`, cause);
  throw new RetryLaterError(failure, retryDelayMs(attempt));
}

async function record(
  house: House,
  noticeId: Uuid,
  command: Parameters<typeof onNotice>[2],
  key: string,
  cause: Cause | undefined,
): Promise<void> {
  const done = await onNotice(house, noticeId, command, systemRequest(key, house.clock.now(), 'job', cause));
  if (isRejection(done)) throw refusedJob(done);
}

/** Why it was not taken, in a few words that name no address and no secret; undefined when it was. */
async function post(
  { url, headers, timeoutMs = 10_000 }: Extract<DeliveryConfig, { channel: 'push' }>,
  document: DeliveredNotice,
  signal: AbortSignal,
): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': document.noticeId },
      body: JSON.stringify(document),
      redirect: 'error',
      signal: AbortSignal.any([timeout, signal]),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `their system answered ${response.status}`;
  } catch (error) {
    if (timeout.aborted) return `their system did not answer within ${Math.round(timeoutMs / 1000)} s`;
    if (signal.aborted) return 'interrupted';
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    return code === undefined
      ? 'their system could not be reached'
      : `their system could not be reached (${code.slice(0, 40)})`;
  }
}
