import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { decimal, derivedId, instantOfMs, plainDate, quarter, type PlainDate, type Uuid } from '#libs/kernel';
import { loadRules, rulesDataDir } from '#libs/rules';
import {
  correctCalendar,
  obligationIdOf,
  type AbsorbedFiling,
  type Calendar,
  type CaseCommand,
  type Circumstances,
  type FilingValues,
  type ObligationKind,
  type OrderedExtension,
  type Outage,
  type Registration,
  type RuleSet,
} from '#libs/domain';
import {
  dayOf,
  firstDay,
  mayExcuse,
  midnightBefore,
  nothingOwed,
  nothingToCome,
  now,
  plus,
  quarterAfter,
} from './naive.js';
import type { NaiveCase, NaiveFiling, NaiveValue, NaiveVersion } from './naive.js';

/** One drawn step: what is done, how long after the last, and numbers from which the particulars follow. */
export interface RawStep {
  readonly op: (typeof operations)[number];
  readonly wait: number;
  readonly edge: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export interface RawStory {
  readonly variant: number;
  readonly steps: readonly RawStep[];
}

const operations = [
  'reference',
  'reference ',
  'reference  ',
  'planned',
  'termination',
  'commission',
  'correct',
  'correct ',
  'complete',
  'withdraw',
  'withdraw ',
  'annul',
  'extend',
  'outage',
  'calendar',
  'assess',
  'assess ',
  'assess  ',
  'excuse',
  'close',
  'reopen',
  'move',
  'transfer',
  'absorb',
  'merge',
] as const;

const number = fc.nat({ max: 999 });
export const stories = (maxLength: number): fc.Arbitrary<RawStory> =>
  fc.record({
    variant: fc.nat({ max: 11 }),
    steps: fc.array(
      fc.record({
        op: fc.constantFrom(...operations),
        wait: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 60 })),
        edge: fc.nat({ max: 5 }),
        a: number,
        b: number,
        c: number,
      }),
      { minLength: 1, maxLength, size: 'max' },
    ),
  });

/** A command as it is given, with the law as it stood, and in words. `accepted`: what the naive side says to it. */
export interface Given {
  readonly atMs: number;
  readonly command: CaseCommand;
  readonly circumstances: Circumstances;
  readonly accepted: boolean;
  readonly words: string;
}

export const caseId = derivedId('campaign', 'case');
const idOf = (name: string): Uuid => derivedId(name, 'campaign');
const regions = ['55', '35'] as const;
const catalogue = loadRules();

interface FileOfDays {
  readonly days: readonly { readonly date: string; readonly kind: string }[];
}
const days: Record<string, string> = {};
for (const name of ['calendar-kz-computed.json', 'calendar-kz.json'])
  for (const { date, kind } of (JSON.parse(readFileSync(path.join(rulesDataDir(), name), 'utf8')) as FileOfDays).days)
    days[date] = kind;

/** The shipped rule sets and some that read the open questions the other way. */
function rulesOf(variant: number): RuleSet {
  const shipped = catalogue.ruleSet(variant % 3 === 0 ? 'kz-384-2020' : 'kz-384-open');
  if (variant < 6) return shipped;
  return {
    ...shipped,
    plannedConstruction: { ...shipped.plannedConstruction, reading: variant % 2 ? 'WITHIN_AFTER' : 'AT_LEAST_BEFORE' },
    quarterlyReference: {
      ...shipped.quarterlyReference,
      brokenLastQuarter: variant % 4 < 2 ? 'not-owed' : 'owed',
      dayItselfCounts: variant % 5 !== 0,
    },
  };
}

/** Tells a drawn story command by command: the teller is given each before the next is made up, and judges both sides. */
export function tell(
  story: RawStory,
  give: (given: Given, it: NaiveCase, nameOf: ReadonlyMap<Uuid, string>) => boolean,
): void {
  const rules = rulesOf(story.variant);
  let calendar: Calendar = catalogue.calendar(rules.calendarId);
  const extensions: OrderedExtension[] = [];
  const outages: Outage[] = [];
  const nameOf = new Map<Uuid, string>();
  const it: NaiveCase = {
    rules: {
      firstPeriod: rules.firstPeriod,
      lastDay: rules.inForce.to,
      planned: {
        before: rules.plannedConstruction.reading === 'AT_LEAST_BEFORE',
        days: rules.plannedConstruction.days,
        rolls: rules.plannedConstruction.roll !== 'none',
      },
      quarterly: {
        byDay: rules.quarterlyReference.byDay,
        itself: rules.quarterlyReference.dayItselfCounts,
        rolls: rules.quarterlyReference.roll !== 'none',
        brokenQuarterOwed: rules.quarterlyReference.brokenLastQuarter === 'owed',
      },
      termination: { days: rules.termination.days, rolls: rules.termination.roll !== 'none' },
    },
    days: { ...days },
    region: regions[0],
    filings: [],
    commissioned: [],
    extensions: [],
    outages: [],
    excused: [],
    merged: false,
    duties: [],
  };
  let atMs = Date.parse('2021-02-01T06:00:00Z');
  let closed = false;
  let operatorBin = '940140000385';
  let going = true;
  let n = 0;
  const opening = {
    caseId,
    caseRef: 'C1',
    operatorBin: '940140000385',
    location: { region: regions[0], address: 'A' },
  };
  const given = (command: CaseCommand, accepted: boolean, words: string) => {
    const circumstances = { rules, calendar, extensions: [...extensions], outages: [...outages] };
    going = give({ atMs, command, circumstances, accepted, words: `${instantOfMs(atMs)} ${words}` }, it, nameOf);
    return going;
  };
  const assess = () => given({ type: 'AssessObligations' }, true, 'assess');

  /** On a day up to `back` days ago, not before `since`: by its stamp, or to the millisecond. */
  const receipt = (step: RawStep, back: number, since?: string) => {
    const today = dayOf(atMs);
    let on = back === 0 ? today : plus(today, -(step.b % back));
    if (since !== undefined && on < since) on = since;
    const stamped = step.c % 3 === 0;
    const within = (step.c * 86_399) % 86_400_000;
    const ms = stamped ? midnightBefore(on) + 43_200_000 : Math.min(midnightBefore(on) + within, atMs);
    const registration: Registration = {
      journalNo: `J${n}`,
      channel: stamped ? 'paper' : 'electronic',
      receivedAt: instantOfMs(ms),
      receivedOn: plainDate(on),
      precision: stamped ? 'day' : 'instant',
      registeredOn: plainDate(on),
    };
    return { ms, registration };
  };
  const filingsOf = (...kinds: string[]) =>
    it.filings.filter((filing) => !filing.takenBack && (kinds.length === 0 || kinds.includes(filing.kind)));

  for (const step of story.steps) {
    n += 1;
    atMs += step.wait * 86_400_000 + ((step.a * 86_400) % 80_000_000);
    // The moments that decide: the last millisecond of a day, and midnight.
    if (step.edge === 1) atMs = midnightBefore(plus(dayOf(atMs), 1));
    if (step.edge === 2) atMs = midnightBefore(plus(dayOf(atMs), 1)) - 1;
    if (step.edge === 3) atMs = nextTenth(atMs) + (step.a % 4) * 86_400_000 - (step.c % 2);
    const open = it.filings.length > 0 || it.commissioned.length > 0;
    const op = step.op.trim();
    const merged = it.merged;

    if (op === 'reference' || op === 'planned' || op === 'termination') {
      const kind: ObligationKind =
        op === 'reference' ? 'quarterly_reference' : op === 'planned' ? 'planned_construction' : 'termination';
      if (!open && op === 'termination') continue;
      const period = op === 'reference' ? periodNear(dayOf(atMs), step.a % 8) : undefined;
      const { values, version } = valuesOf(kind, period, dayOf(atMs), step.a, step.c);
      const { ms, registration } = receipt(step, step.c % 2 ? 90 : 0);
      const name = `${kind} ${period ?? ''} #${n}`;
      nameOf.set(idOf(name), name);
      const accepted = !merged && (period === undefined || period >= rules.firstPeriod);
      if (accepted)
        it.filings.push({
          name,
          kind,
          period,
          versions: [{ ...version, receivedMs: ms, says: names }],
          takenBack: false,
        });
      const command: CaseCommand = {
        type: 'RecordFiling',
        filingId: idOf(name),
        registration,
        location: undefined,
        values,
        opening,
      };
      given(command, accepted, `file ${name} received ${registration.receivedAt} ${said(version)}`);
    } else if (op === 'commission') {
      const on = plus(dayOf(atMs), (step.a % 400) - 300);
      const { registration } = receipt(step, 30);
      if (!merged) it.commissioned.push(on);
      const commissionedOn = plainDate(on);
      const entryId = idOf(`entry ${n}`);
      given(
        { type: 'RecordCommissioning', entryId, registration, location: undefined, commissionedOn, opening },
        !merged,
        `commissioned on ${on}`,
      );
    } else if (!open) continue;
    else if (op === 'correct' || op === 'complete') {
      const candidates = filingsOf();
      const filing = candidates[step.a % candidates.length];
      if (!filing) continue;
      const kind = filing.kind as ObligationKind;
      const drawn = valuesOf(kind, filing.period, dayOf(atMs), step.b, step.c);
      const { ms, registration } = receipt(step, 60, dayOf(filing.versions[0]!.receivedMs));
      // Drawn appeals and references always lack something, a termination at most its day.
      const lacking = filing.kind !== 'termination' || now(filing).ended === undefined;
      // Journals' corrections state all values anew, those of the API what is to be another.
      const leftOut = op === 'correct' && step.a % 2 === 0 ? ('cleared' as const) : ('kept' as const);
      const stated = names.filter((name) => drawn.version[name] !== undefined);
      const absent = names.filter((name) => drawn.version[name] === undefined);
      const cleared = leftOut === 'kept' && step.c % 3 === 0 ? absent : [];
      const says = leftOut === 'cleared' ? names : [...stated, ...cleared];
      // A reference always gives its power.
      const isEmpty = leftOut === 'kept' && says.length === 0 && kind !== 'quarterly_reference';
      const accepted = !merged && !isEmpty && (op === 'correct' || lacking);
      const version = { ...drawn.version, says };
      if (accepted) filing.versions.push({ ...version, receivedMs: ms });
      const versionId = idOf(`version ${n}`);
      const type = op === 'correct' ? 'CorrectFiling' : 'CompleteFiling';
      given(
        {
          type,
          filingId: idOf(filing.name),
          versionId,
          registration,
          location: undefined,
          values: drawn.values,
          leftOut,
          cleared: cleared.map((name) => valueNames[name]),
        },
        accepted,
        `${op} ${filing.name} received ${registration.receivedAt} ${said(version)}`,
      );
    } else if (op === 'withdraw') {
      const candidates = filingsOf();
      const filing = candidates[step.a % candidates.length];
      if (!filing) continue;
      const { registration } = receipt(step, 20, dayOf(filing.versions[0]!.receivedMs));
      if (!merged) filing.takenBack = true;
      const withdrawalId = idOf(`withdrawal ${n}`);
      given(
        { type: 'WithdrawFiling', filingId: idOf(filing.name), withdrawalId, registration },
        !merged,
        `withdraw ${filing.name}`,
      );
    } else if (op === 'annul') {
      const candidates = filingsOf();
      const filing = candidates[step.a % candidates.length];
      if (!filing || merged) continue;
      const filingId = idOf(filing.name);
      if (
        !given({ type: 'ProposeAnnulment', filingId, by: 'one', reason: 'r' }, true, `propose to annul ${filing.name}`)
      )
        return;
      if (!given({ type: 'ConfirmAnnulment', filingId, by: 'one' }, false, `confirm alone`)) return;
      filing.takenBack = true;
      given({ type: 'ConfirmAnnulment', filingId, by: 'two' }, true, `annul ${filing.name}`);
    } else if (op === 'extend') {
      const kind = (['quarterly_reference', 'quarterly_reference', 'termination', 'planned_construction'] as const)[
        step.a % 4
      ]!;
      const periods = step.b % 2 && kind === 'quarterly_reference' ? [periodNear(dayOf(atMs), step.b % 6)] : undefined;
      const scopeRegions = step.c % 3 === 0 ? [regions[step.b % 2]!] : undefined;
      const near = step.b % 3 ? it.duties.find((duty) => duty.key.startsWith(kind) && duty.due)?.due : undefined;
      const dueOn = plus(near ?? dayOf(atMs), (step.c % 60) - 20);
      const madeOn = plus(dayOf(atMs), -(step.c % 4) * 7);
      it.extensions.push({ madeOn, kind, periods, regions: scopeRegions, dueOn });
      extensions.push({
        orderId: idOf(`order ${n}`),
        orderNo: `O${n}`,
        scope: {
          kind,
          ...(periods ? { periods: periods.map(quarter) } : {}),
          ...(scopeRegions ? { regions: scopeRegions } : {}),
        },
        dueOn: plainDate(dueOn),
        orderedOn: plainDate(madeOn),
        reason: 'r',
      });
      if (step.a % 5) assess();
    } else if (op === 'outage') {
      // Half of them strike about the last day of a term.
      const due = step.a % 2 ? it.duties[step.b % Math.max(1, it.duties.length)]?.due : undefined;
      const wanted = due ? midnightBefore(due) + ((step.b % 48) - 12) * 3_500_000 : atMs - (step.b % 20) * 7_000_001;
      const fromMs = Math.min(wanted, atMs - 3_600_000);
      const toMs = Math.min(fromMs + (1 + (step.c % 72)) * 3_599_999, atMs);
      it.outages.push({ fromMs, toMs });
      outages.push({ outageId: idOf(`outage ${n}`), from: instantOfMs(fromMs), to: instantOfMs(toMs), reason: 'r' });
      if (
        step.a % 5 &&
        !given(
          { type: 'AssessObligations' },
          true,
          `assess after an outage ${instantOfMs(fromMs)} to ${instantOfMs(toMs)}`,
        )
      )
        return;
    } else if (op === 'calendar') {
      const date = plus(dayOf(atMs), (step.a % 30) - 15);
      const weekend = [0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay());
      const kinds = weekend
        ? (['working_weekend', 'ordinary', 'holiday'] as const)
        : (['holiday', 'moved_day_off', 'ordinary'] as const);
      const kind = kinds[step.b % 3]!;
      calendar = correctCalendar(calendar, {
        version: `v${n}`,
        changes: [{ date: plainDate(date), kind, name: 'drawn' }],
      });
      if (kind === 'ordinary') delete it.days[date];
      else it.days[date] = kind;
      if (step.c % 5) given({ type: 'AssessObligations' }, true, `assess after ${date} became ${kind}`);
    } else if (op === 'assess') assess();
    else if (op === 'excuse') {
      const duty = it.duties[step.a % Math.max(1, it.duties.length)];
      if (!duty || merged) continue;
      const [kind, period] = duty.key.split(' ');
      const accepted = mayExcuse(it, duty.key);
      if (accepted) it.excused.push(duty.key);
      const obligationId = obligationIdOf(caseId, kind as ObligationKind, period ? quarter(period) : undefined);
      given(
        { type: 'ExcuseObligation', obligationId, orderNo: `E${n}`, reason: 'r' },
        accepted,
        `excuse ${duty.key} (${duty.status})`,
      );
    } else if (op === 'close') {
      const accepted = !merged && !closed && nothingOwed(it) && nothingToCome(it, atMs);
      if (accepted) closed = true;
      given({ type: 'CloseCase', reason: 'r' }, accepted, 'close');
    } else if (op === 'reopen') {
      const accepted = closed && !merged;
      if (accepted) closed = false;
      given({ type: 'ReopenCase', reason: 'r' }, accepted, 'reopen');
    } else if (op === 'move') {
      const region = regions[step.a % 2]!;
      if (!merged) it.region = region;
      given(
        { type: 'ChangeLocation', to: { region, address: 'A' }, effectiveOn: plainDate(dayOf(atMs)), reason: 'r' },
        !merged,
        `move to ${region}`,
      );
    } else if (op === 'transfer') {
      const effectiveOn = plainDate(dayOf(atMs));
      if (!merged) operatorBin = `BIN ${n}`;
      given({ type: 'TransferCase', toBin: `BIN ${n}`, effectiveOn, reason: 'r' }, !merged, 'transfer');
    } else if (op === 'absorb') {
      const absorbed: AbsorbedFiling[] = [];
      for (let k = step.a % 3; k > 0; k--) {
        const period = periodNear(dayOf(atMs), (step.b + k) % 8);
        const name = `quarterly_reference ${period} absorbed #${n}.${k}`;
        nameOf.set(idOf(name), name);
        const { ms, registration } = receipt({ ...step, b: step.b + k * 7 }, 200);
        const { values } = valuesOf('quarterly_reference', period, dayOf(atMs), step.a, step.c);
        const takenBack = (step.c + k) % 4 === 0;
        if (!merged)
          it.filings.push({
            name,
            kind: 'quarterly_reference',
            period,
            versions: [{ receivedMs: ms, says: names }],
            takenBack,
          });
        absorbed.push({
          filingId: idOf(name),
          kind: 'quarterly_reference',
          versions: [{ versionId: idOf(name), cause: 'filing', registration, location: opening.location, values }],
          ...(takenBack ? { takenBack: { receivedOn: plainDate(dayOf(atMs)), how: 'withdrawn' as const } } : {}),
        });
      }
      const fromCaseId = derivedId(`other ${n}`, 'campaign');
      given(
        {
          type: 'AbsorbCase',
          fromCaseId,
          operatorBin,
          filings: absorbed,
          commissionings: [],
        },
        !merged,
        `absorb ${absorbed.map((one) => `${nameOf.get(one.filingId)} received ${one.versions[0]!.registration.receivedAt}${one.takenBack ? ' withdrawn' : ''}`).join(', ')}`,
      );
    } else {
      // Rarely: nothing happens to a case after it.
      if (step.a % 4 !== 0) continue;
      it.merged = true;
      given({ type: 'MergeCase', intoCaseId: idOf('into'), reason: 'r' }, !merged, 'merge');
    }
    if (!going) return;
  }
}

function nextTenth(atMs: number): number {
  let period = '2020-Q4';
  const day = dayOf(atMs);
  while (plus(firstDay(quarterAfter(period)), 9) <= day) period = quarterAfter(period);
  return midnightBefore(plus(firstDay(quarterAfter(period)), 10));
}

/** `k` 0 the running quarter, 1 the last one, and so on. */
function periodNear(day: string, k: number): string {
  let at = plainDate(day);
  for (let n = 0; n < k; n++) at = plus(at, -91) as PlainDate;
  return `${at.slice(0, 4)}-Q${Math.ceil(Number(at.slice(5, 7)) / 3)}`;
}

function valuesOf(
  kind: ObligationKind,
  period: string | undefined,
  today: string,
  a: number,
  c: number,
): { readonly values: FilingValues; readonly version: Omit<NaiveVersion, 'receivedMs' | 'says'> } {
  const day = plus(today, (a % 100) - 40);
  switch (kind) {
    case 'quarterly_reference':
      return { values: { kind, period: quarter(period!), powerMw: decimal(`${a % 9}.${c % 9}`) }, version: {} };
    case 'planned_construction': {
      const designStart = c % 4 === 0 ? undefined : day;
      const decided = c % 5 === 0 ? undefined : plus(day, -50);
      const values = {
        kind,
        ...(designStart ? { designStartOn: plainDate(designStart) } : {}),
        ...(decided ? { decidedOn: plainDate(decided) } : {}),
      };
      return { values, version: { designStart, decided } };
    }
    case 'termination': {
      const ended = c % 5 === 0 ? undefined : plus(day, -((a * 3) % 200));
      return { values: { kind, ...(ended ? { activityEndedOn: plainDate(ended) } : {}) }, version: { ended } };
    }
  }
}

/** What commands call the values whose days terms hang on. */
const valueNames = { designStart: 'designStartOn', decided: 'decidedOn', ended: 'activityEndedOn' } as const;
const names = Object.keys(valueNames) as NaiveValue[];
const said = (version: object) => JSON.stringify(version);

export type { NaiveFiling };
