import { causeOf, dayAt, daysBetween, isRejection, tracedBy, type Cause, type Uuid } from '#libs/kernel';
import {
  caseDecider,
  caseStream,
  caseWorkDecider,
  caseWorkStream,
  isSent,
  noticeDecider,
  noticeStream,
  operatorDecider,
  ownerOfDuty,
  operatorStream,
  type Alert,
  type CaseFile,
  type CaseWorkCommand,
  type Obligation,
  type OperatorDetails,
  type OperatorStepName,
} from '#libs/domain';
import { onCaseWork, openUnlessErased, systemRequest, type House } from '#libs/application';
import { HopelessJobError, type Process } from '#libs/jobs';
import { mailWords, subjectOf } from './mail-words.js';
import { RecipientsRefusedError, type Mail, type Outbox } from './outbox.js';
import { refusedJob } from './refused-job.js';
import { isUnmet } from './sweep-case.js';
import type { WatchJob } from './watch-job.js';

type Channel = Extract<CaseWorkCommand, { type: 'RecordAlertSent' }>['channel'];

/**
 * The job that sends an alert: looks once more whether the duty is still unmet, then tells each audience that was not
 * told yet. Mail to an operator is a file named by the alert, so a second run writes the same one.
 */
export function sendAlert(house: House, outbox: Outbox, watch: WatchJob): Process<'send-alert'> {
  return async ({ caseId, alertId }) => {
    const cause = await raisingOf(house, caseId, alertId);
    await watch('send-alert', cause ?? { correlationId: alertId }, (traceparent) =>
      send(house, outbox, caseId, alertId, tracedBy(cause, traceparent)),
    );
  };
}

async function raisingOf(house: House, caseId: Uuid, alertId: Uuid): Promise<Cause | undefined> {
  const raised = (await house.writePath.store.readStream(caseWorkStream(caseId))).find(
    ({ type, data }) => type === 'AlertRaised' && (data as { readonly alertId: Uuid }).alertId === alertId,
  );
  return raised && causeOf(raised);
}

async function send(
  house: House,
  outbox: Outbox,
  caseId: Uuid,
  alertId: Uuid,
  cause: Cause | undefined,
): Promise<void> {
  const record = (command: CaseWorkCommand, key: string) => recordIn(house, caseId, command, key, cause);
  const work = await house.writePath.fresh(caseWorkStream(caseId), caseWorkDecider);
  const alert = work.state.alerts.get(alertId);
  if (!alert) throw new HopelessJobError('there is no such alert');
  if (alert.cancelled) return;
  const audiences = alert.audience.filter((one) => !alert.sentTo.includes(one));
  if (audiences.length === 0) return;

  const { state } = await house.writePath.fresh(caseStream(caseId), caseDecider);
  if (state.situation === 'none') throw new HopelessJobError('there is no such case');
  const obligation = state.file.obligations.get(alert.subject.id);
  const because = await whyNotToSend(house, alert, obligation);
  if (because) {
    await record({ type: 'CancelAlert', alertId, because }, `cancel-alert/${alertId}`);
    return;
  }
  let failure: unknown;
  for (const audience of audiences) {
    let channel: Channel;
    try {
      channel = audience === 'operator' ? await tellOperator(house, outbox, state.file, alert, obligation) : 'register';
    } catch (error) {
      // Each reason once: what fails a hundred times in the same way says nothing new.
      const reason = reasonOf(error);
      const key = `alert-failed/${alertId}/${audience}/${reason}`;
      await record({ type: 'RecordAlertFailure', alertId, audience, reason }, key);
      // The others are told whatever becomes of this one.
      if (!(error instanceof RecipientsRefusedError)) {
        failure ??= error;
        continue;
      }
      // Nobody reads mail there: a registrar writes a letter.
      channel = 'letter-list';
    }
    await record({ type: 'RecordAlertSent', alertId, channel, audience }, `alert-sent/${alertId}/${audience}`);
  }
  if (failure !== undefined) throw failure;
}

async function recordIn(
  house: House,
  caseId: Uuid,
  command: CaseWorkCommand,
  key: string,
  cause: Cause | undefined,
): Promise<void> {
  const done = await onCaseWork(house, caseId, command, systemRequest(key, house.clock.now(), 'job', cause));
  if (isRejection(done)) throw refusedJob(done);
}

/** Goes into a fact for ever: an error's code, never its text, which may hold a path or an address. */
function reasonOf(error: unknown): string {
  if (error instanceof RecipientsRefusedError) return 'the mail server knows none of the addresses';
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? `the mail could not be put out (${code})` : 'the mail could not be put out';
}

async function whyNotToSend(
  house: House,
  { subject, step, dueOn }: Alert,
  obligation: Obligation | undefined,
): Promise<'cured' | 'deadline-revised' | undefined> {
  if (subject.kind === 'obligation') {
    if (!obligation || !isUnmet(obligation)) return 'cured';
    return step !== 'opened' && obligation.deadline.dueOn !== dueOn ? 'deadline-revised' : undefined;
  }
  const { state } = await house.writePath.fresh(noticeStream(subject.id), noticeDecider);
  const cured = step === 'refused' ? state.situation !== 'refused' : isSent(state);
  return cured ? 'cured' : undefined;
}

async function tellOperator(
  house: House,
  outbox: Outbox,
  file: CaseFile,
  alert: Alert,
  obligation: Obligation | undefined,
): Promise<Channel> {
  if (!obligation?.deadline) return 'letter-list';
  // A duty that was due before the case passed on is the former operator's.
  const { state } = await house.writePath.fresh(operatorStream(ownerOfDuty(file, obligation)), operatorDecider);
  if (state.situation === 'none') return 'letter-list';
  const to = await mailAddresses(house, state.details);
  if (to.length === 0) return 'letter-list';
  await outbox.put(reminder(house, file, alert, obligation, state.details, to));
  return 'mail';
}

/** None when the operator gave none, or when its key was erased: then a registrar writes a letter. */
async function mailAddresses(house: House, { contacts }: OperatorDetails): Promise<readonly string[]> {
  if (contacts === null) return [];
  const opened = await openUnlessErased(house, contacts);
  return opened === undefined ? [] : (JSON.parse(opened) as { emails: readonly string[] }).emails;
}

function reminder(
  house: House,
  file: CaseFile,
  { alertId, step }: Alert,
  { kind, period, deadline }: Obligation,
  { language }: OperatorDetails,
  to: readonly string[],
): Mail {
  const words = mailWords[language];
  const { zone, clause, ruleSet } = deadline!.trace;
  const date = house.clock.now();
  const left = daysBetween(dayAt(date, zone), deadline!.dueOn);
  const lines = [
    `${words.caseRef}: ${file.caseRef}`,
    words.duty[kind],
    ...(period ? [`${words.period}: ${period}`] : []),
    `${words.legalBasis}: ${ruleSet.citation.replace(/\.$/, '')}, ${words.clause.replace('#', clause)}`,
    `${words.dueOn}: ${deadline!.dueOn}`,
    left > 0 ? `${words.daysLeft}: ${left}` : left === 0 ? words.lastDay : `${words.daysLate}: ${-left}`,
    '',
    words.closing,
  ];
  return {
    alertId,
    to,
    date,
    subject: `${subjectOf(language, step as OperatorStepName, left)} (${file.caseRef})`,
    text: `${lines.join('\n')}\n`,
  };
}
