import { sameDecimal, type Decimal, type PlainDate, type Quarter, type Uuid } from '#libs/kernel';
import { filingsByReceipt, stands, versionsByReceipt, type CaseFile, type Filing } from '../case/index.js';
import type { RuleSet } from '../deadline/index.js';
import type { FilingVersion } from '../filing.js';
import type { NoticeContents, NoticeTrigger } from './events.js';
import { noticeIdOf } from './stream.js';

/** One filing version that rule 6 obliges the authority to tell the energy body about. */
export interface NotifiableVersion {
  readonly noticeId: Uuid;
  readonly filingId: Uuid;
  readonly version: FilingVersion;
  readonly trigger: NoticeTrigger;
  readonly stage: 'planned' | 'existing' | 'terminated';
  readonly period?: Quarter;
  readonly contents: NoticeContents;
  /** The notice this one supersedes. */
  readonly supersedes?: Uuid;
}

/**
 * Every version of the case's filings that is to be notified, in order of receipt. A duplicate and a later withdrawn
 * filing count: they were received. A correction (or completion) counts when it changes a notified value against the
 * one current before it, in order of receipt.
 */
export function notifiableVersions(file: CaseFile, rules: RuleSet): NotifiableVersion[] {
  const found: NotifiableVersion[] = [];
  for (const filing of filingsByReceipt(file)) {
    if (!rules.notice.triggers.includes(filing.kind)) continue;
    let before: FilingVersion | undefined;
    let lastNotified: Uuid | undefined;
    for (const version of versionsByReceipt(filing)) {
      const notify =
        before === undefined ||
        (rules.notice.corrections === 'when-notified-value-changes' && notifiedValueChanged(before, version));
      if (notify) {
        // What came by a merge was told of as of the case it came from.
        const noticeId = noticeIdOf(version.versionId, version.recordedIn ?? file.caseId);
        found.push({
          noticeId,
          filingId: filing.filingId,
          version,
          trigger: before === undefined ? filing.kind : 'correction',
          stage: stageOf(file, filing),
          ...(version.values.kind === 'quarterly_reference' ? { period: version.values.period } : {}),
          contents: contentsOf(file, filing, version, rules),
          ...(lastNotified ? { supersedes: lastNotified } : {}),
        });
        lastNotified = noticeId;
      }
      before = version;
    }
  }
  const at = (one: NotifiableVersion) => one.version.registration.receivedAt;
  return found.sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0));
}

const powerOf = (version: FilingVersion): Decimal | undefined =>
  version.values.kind === 'termination' ? undefined : version.values.powerMw;
const expansionOf = (version: FilingVersion): Decimal | undefined =>
  version.values.kind === 'planned_construction' ? version.values.expansionMw : undefined;

const notifiedValueChanged = (before: FilingVersion, after: FilingVersion) =>
  !sameDecimal(powerOf(before), powerOf(after)) ||
  !sameDecimal(expansionOf(before), expansionOf(after)) ||
  placeChanged(before, after);

/** A row of a journal repeats the place in its registry's words; only who says that it is another one is taken at that. */
const placeChanged = ({ location: before }: FilingVersion, { location: after, stated = [] }: FilingVersion) =>
  stated.includes('location') && (before.region !== after.region || before.address !== after.address);

function contentsOf(file: CaseFile, filing: Filing, version: FilingVersion, rules: RuleSet): NoticeContents {
  const powerMw = filing.kind === 'termination' ? rules.notice.terminationPowerMw : (powerOf(version) ?? null);
  const declared = expansionOf(version) ?? expansionAsOf(file, version.registration.receivedOn);
  return { location: version.location, powerMw, expansionMw: declared ?? null };
}

/** The expansion potential last declared by the day of receipt, in an appeal or a commissioning entry. */
function expansionAsOf(file: CaseFile, day: PlainDate): Decimal | undefined {
  let found: { readonly at: string; readonly mw: Decimal } | undefined;
  const consider = (at: string, mw: Decimal | undefined) => {
    if (mw !== undefined && (found === undefined || at >= found.at)) found = { at, mw };
  };
  for (const entry of file.commissionings)
    if (entry.registration.receivedOn <= day) consider(entry.registration.receivedAt, entry.expansionMw);
  for (const filing of filingsByReceipt(file)) {
    if (filing.kind !== 'planned_construction' || !stands(filing, day)) continue;
    const version = versionsByReceipt(filing, day).findLast(
      ({ stated }) => stated === undefined || stated.includes('expansionMw'),
    );
    if (version) consider(version.registration.receivedAt, expansionOf(version));
  }
  return found?.mw;
}

function stageOf(file: CaseFile, filing: Filing): NotifiableVersion['stage'] {
  if (filing.kind === 'termination') return 'terminated';
  if (filing.kind === 'quarterly_reference') return 'existing';
  const received = filing.versions[0]!.registration.receivedOn;
  return file.commissionings.some((entry) => entry.registration.receivedOn <= received) ? 'existing' : 'planned';
}
