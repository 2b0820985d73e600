import { dayAt, endOfDay, type Instant, type PlainDate, type Uuid } from '#libs/kernel';
import {
  assessObligations,
  caseDecider,
  caseStream,
  noticeDecider,
  noticeStream,
  ownerOfDuty,
  notifiableVersions,
  type AsOf,
  type CaseFile,
  type NoticeState,
  type RuleSet,
} from '#libs/domain';
import type { House } from '../house.js';
import { foldStream } from '../write-path.js';

/** The columns come first, in this order; what is useful beside them follows. */
export const obligationColumns = [
  'case_ref',
  'obligation',
  'period',
  'nominal_due_on',
  'due_on',
  'status',
  'days_late',
  'journal_no',
  'operator_bin',
  'region',
  'rules',
] as const;
export const noticeColumns = [
  'journal_no',
  'case_ref',
  'trigger',
  'received_on',
  'nominal_due_on',
  'due_on',
  'region',
  'power_mw',
  'number',
  'state',
  'sent_at',
  'in_time',
] as const;

export interface CaseRefs {
  /** Every case that was ever opened, in any order. */
  all(): Promise<readonly { readonly caseId: Uuid; readonly caseRef: string }[]>;
}

/** `day` undefined: now. Of a day named, its end by the regulator's clock; of today, which has not ended, now too. */
function asOfDay(day: PlainDate | undefined, now: Instant, zone: string): AsOf {
  const today = dayAt(now, zone);
  return day === undefined || day === today ? { day: today, at: now } : { day, at: endOfDay(day, zone) };
}

/**
 * Every duty as it stood on a day in legal time (what had been received by then), whenever it was recorded. Cases are
 * folded a page at a time from the log itself, so the report needs no read model and holds little.
 */
export async function* obligationReport(house: House, refs: CaseRefs, asOf?: PlainDate): AsyncIterable<string[]> {
  for await (const page of casesByRef(house, refs, asOf)) for (const one of page) yield* obligationRows(house, one);
}

function* obligationRows(house: House, { file, at, rules }: CaseAsOf): Iterable<string[]> {
  const assessed = assessObligations(file, house.lawBook.circumstancesUnder(rules), at);
  const order = (one: (typeof assessed)[number]) => `${one.kind}/${one.period ?? ''}`;
  for (const one of assessed.sort((a, b) => (order(a) < order(b) ? -1 : 1))) {
    const late =
      one.status === 'met' || one.status === 'met_late' || one.status === 'excused' ? one.metBy?.daysLate : null;
    const abolished = rules.inForce.to !== undefined && at.day > rules.inForce.to && one.status === 'open';
    yield [
      file.caseRef,
      one.kind,
      one.period ?? '',
      one.deadline?.nominalOn ?? '',
      one.deadline?.dueOn ?? '',
      one.status,
      late === null || late === undefined ? '' : String(late),
      one.metBy?.filing.versions[0]!.registration.journalNo ?? '',
      ownerOfDuty(file, one),
      file.location.region,
      abolished ? `${rules.id} (abolished)` : rules.id,
    ];
  }
}

/** Every notice issued for a filing version received by the day, sorted by journal number. */
export async function noticeReport(house: House, refs: CaseRefs, asOf?: PlainDate): Promise<string[][]> {
  const rows: string[][] = [];
  for await (const page of casesByRef(house, refs, asOf)) {
    const wanted = page.flatMap(({ file, at, rules }) =>
      notifiableVersions(file, rules)
        .filter(({ version }) => version.registration.receivedOn <= at.day)
        .map(({ noticeId, version: { registration } }) => {
          const stream = noticeStream(noticeId);
          return { file, stream, journalNo: registration.journalNo };
        }),
    );
    const facts = await house.writePath.store.readStreams(wanted.map(({ stream }) => stream));
    for (const { file, stream, journalNo } of wanted) {
      const { state } = foldStream(noticeDecider, facts.get(stream) ?? []);
      if (state.situation !== 'none') rows.push(noticeRow(file, journalNo, state));
    }
  }
  return rows.sort((a, b) => (a[0]! < b[0]! ? -1 : a[0]! > b[0]! ? 1 : 0));
}

function noticeRow(file: CaseFile, journalNo: string, state: Exclude<NoticeState, { situation: 'none' }>): string[] {
  const { issue, sent } = state;
  return [
    journalNo,
    file.caseRef,
    issue.trigger,
    issue.receivedOn,
    issue.deadline.nominalOn,
    issue.deadline.dueOn,
    issue.contents.location.region,
    issue.contents.powerMw ?? 'not stated',
    issue.number,
    state.situation,
    sent?.at ?? '',
    sent ? String(sent.inTime) : '',
  ];
}

interface CaseAsOf {
  readonly file: CaseFile;
  readonly rules: RuleSet;
  readonly at: AsOf;
}

/** All cases by their reference, some hundred at a time. */
async function* casesByRef(
  house: House,
  refs: CaseRefs,
  asOf: PlainDate | undefined,
): AsyncIterable<readonly CaseAsOf[]> {
  await house.lawBook.refresh();
  const all = [...(await refs.all())].sort((a, b) => (a.caseRef < b.caseRef ? -1 : a.caseRef > b.caseRef ? 1 : 0));
  const now = house.clock.now();
  const page = 200;
  for (let from = 0; from < all.length; from += page) {
    const ids = all.slice(from, from + page).map(({ caseId }) => caseId);
    const streams = await house.writePath.store.readStreams(ids.map(caseStream));
    yield ids.flatMap((caseId) => {
      const { state } = foldStream(caseDecider, streams.get(caseStream(caseId)) ?? []);
      if (state.situation === 'none' || state.situation === 'merged') return [];
      const rules = house.lawBook.rulesOf(state);
      return [{ file: state.file, rules, at: asOfDay(asOf, now, rules.zone) }];
    });
  }
}
