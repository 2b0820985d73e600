import {
  addDays,
  decimal,
  firstDayOf,
  instantOfMs,
  msOf,
  nextQuarter,
  quarter,
  startOfDay,
  type Instant,
  type PlainDate,
} from '#libs/kernel';
import {
  cast,
  fileReference,
  id,
  issueNotice,
  openCase,
  openObligation,
  place,
  registration,
  zone,
  type CaseCast,
  type Story,
} from './testing.js';

/** Small, seeded, and the same everywhere (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const noon = (on: PlainDate): string => instantOfMs(msOf(startOfDay(on, zone)) + 12 * 3_600_000);

/**
 * The whole life of a case, a few facts a step: most steps are an ordinary quarter (opened, reminded, filed, met, notice
 * sent and acknowledged), some bring a correction, a miss, a withdrawal, an order, a move, a transfer.
 */
export function* lifeOf(story: Story, one: CaseCast, quarters: number, random: () => number): Generator<void> {
  const { caseId, bin } = one;
  story.tell('OperatorRegistered', {
    bin: `${bin}-${one.ref}`,
    name: `TOO ${one.ref}`,
    language: 'ru',
    contacts: null,
  });
  openCase(story, one, place(random() < 0.5 ? '55' : '59', `Street ${Math.floor(random() * 1e4)}`));
  story.tell('CaseAssigned', { caseId, assignee: `officer-${Math.floor(random() * 5)}` });
  yield;
  let period = quarter('2020-Q4');
  for (let n = 0; n < quarters; n++) {
    const opensOn = firstDayOf(nextQuarter(period));
    const dueOn = addDays(opensOn, 9);
    const obligationId = openObligation(story, one, period, opensOn, dueOn);
    raise(story, one, obligationId, 'opened', dueOn, opensOn);
    yield;
    const late = random() < 0.1;
    if (late) {
      story.tell('ObligationMissed', { caseId, obligationId, dueOn, detectedOn: addDays(dueOn, 1), historical: false });
      raise(story, one, obligationId, 'overdue', dueOn, addDays(dueOn, 1));
      yield;
    }
    const receivedOn = addDays(dueOn, late ? 3 : -2);
    const powerMw = (random() * 100).toFixed(2);
    const filingId = fileReference(story, one, period, noon(receivedOn), { powerMw, jobs: Math.floor(random() * 90) });
    const met = { late, daysLate: late ? 3 : 0, receivedOn, journalNo: `IN-${n}` };
    story.tell('ObligationMet', { caseId, obligationId, filingId, ...met });
    yield;
    const noticeId = issueNotice(story, one, filingId, noon(receivedOn), addDays(receivedOn, 5));
    story.tell('NoticeQueued', { noticeId });
    if (random() < 0.1)
      story.tell('NoticeDeliveryFailed', { noticeId, channel: 'push', attempt: 1, reason: 'their server was away' });
    yield;
    const sentAt = noon(addDays(receivedOn, 1)) as Instant;
    story.tell('NoticeSent', { noticeId, channel: 'inbox', sentAt, inTime: true });
    story.tell('NoticeDelivered', { noticeId, channel: 'inbox', deliveredAt: sentAt });
    yield;
    story.tell('NoticeAcknowledged', { noticeId, theirNumber: `E-${n}`, theirDate: addDays(receivedOn, 2) });
    yield;
    if (random() < 0.3) {
      unusual(story, one, period, filingId, obligationId, receivedOn, Math.floor(random() * 9));
      yield;
    }
    period = nextQuarter(period);
  }
}

function raise(
  story: Story,
  { caseId }: CaseCast,
  obligationId: ReturnType<typeof id>,
  step: 'opened' | 'overdue',
  dueOn: PlainDate,
  raisedOn: PlainDate,
): void {
  const alertId = id(`alert ${obligationId} ${step}`);
  const subject = { kind: 'obligation', id: obligationId } as const;
  const passed = step === 'overdue' ? (['before-5', 'before-1'] as const) : [];
  story.tell('AlertRaised', { caseId, alertId, subject, step, passed, audience: ['operator'], dueOn, raisedOn });
  story.tell('AlertSent', { caseId, alertId, channel: 'mail', audience: 'operator' });
}

function unusual(
  story: Story,
  one: CaseCast,
  period: ReturnType<typeof quarter>,
  filingId: ReturnType<typeof id>,
  obligationId: ReturnType<typeof id>,
  receivedOn: PlainDate,
  what: number,
): void {
  const { caseId, ref } = one;
  const later = registration(`COR-${ref}-${period}`, noon(addDays(receivedOn, 4)));
  const common = { caseId, filingId, registration: later };
  switch (what) {
    case 0: {
      const values = { period, powerMw: decimal('9.1'), jobs: 3 };
      const changed = ['jobs', 'powerMw'];
      const correctionId = id(`correction ${filingId}`);
      story.tell('FilingCorrected', { ...common, correctionId, location: place(), values, changed, missing: [] });
      return;
    }
    case 1:
      story.tell('FilingWithdrawn', { ...common, withdrawalId: id(`withdrawal ${filingId}`), reason: 'filed twice' });
      story.tell('ObligationReopened', { caseId, obligationId, because: 'filing-taken-back' });
      story.tell('ObligationExcused', { caseId, obligationId, orderNo: '7', reason: 'flood', excusedOn: receivedOn });
      return;
    case 2:
      story.tell('CaseLocationChanged', {
        caseId,
        from: place(),
        to: place('63', 'Oskemen, 2'),
        effectiveOn: receivedOn,
        reason: 'renumbered',
      });
      return;
    case 3:
      story.tell('CaseTransferred', {
        caseId,
        fromBin: one.bin,
        toBin: '970740000838',
        effectiveOn: receivedOn,
        reason: 'sold',
      });
      return;
    case 4:
      story.tell('DocumentAttached', {
        caseId,
        filingId,
        sha256: 'c'.repeat(64),
        bytes: 10,
        mediaType: 'application/pdf',
        name: 'scan.pdf',
      });
      return;
    case 5:
      story.tell('FilingAnnulmentProposed', { caseId, filingId, proposedBy: 'a', reason: 'false' });
      story.tell('FilingAnnulled', {
        caseId,
        filingId,
        proposedBy: 'a',
        confirmedBy: 'b',
        annulledOn: receivedOn,
        reason: 'false',
      });
      return;
    case 6:
      story.tell('NoteAdded', { caseId, noteId: id(`note ${filingId}`), text: 'Tab\tnew line\nback\\slash "қазақша"' });
      return;
    case 7:
      story.tell('CaseClosed', { caseId, reason: 'settled' });
      story.tell('CaseReopened', { caseId, reason: 'not quite' });
      return;
    default:
      story.tell('FilingMarkedIncomplete', { caseId, filingId, missing: ['jobs'], remark: 'jobs look wrong' });
  }
}

/** Many lives told at once, their steps interleaved at random. */
export function tellLives(story: Story, cases: number, quarters: number, seed: number, from = 0): void {
  const random = randomFrom(seed);
  const lives = Array.from({ length: cases }, (_, n) => lifeOf(story, cast(from + n), quarters, random));
  while (lives.length > 0) {
    const n = Math.floor(random() * lives.length);
    if (lives[n]!.next().done === true) {
      lives[n] = lives.at(-1)!;
      lives.pop();
    }
  }
}
