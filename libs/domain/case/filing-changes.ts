import { isRejection, reject } from '#libs/kernel';
import { byReceipt, missingValues, settledVersions, type FilingValues, type FilingVersion } from '../filing.js';
import { changedValues, fault, valueFaults } from './filing-values.js';
import {
  filerIfOther,
  receivedInFuture,
  standingFiling,
  type CaseContext,
  type Command,
  type Decision,
} from './guards.js';
import { latestRecordedVersion, type CaseFile, type Filing } from './state.js';

type Change = Command<'CorrectFiling' | 'CompleteFiling'>;

export function changeValues(file: CaseFile, command: Change, context: CaseContext): Decision {
  const filing = standingFiling(file, command.filingId, command.expectedVersion);
  if (isRejection(filing)) return filing;
  const { type, versionId, registration, reason, leftOut } = command;
  if (command.values.kind !== filing.kind)
    return reject('refused', 'other-kind', `the filing being changed is a ${filing.kind.replace('_', ' ')}`);
  const early = receivedInFuture(registration, context);
  if (early) return early;
  if (type === 'CompleteFiling' && filing.missing.length === 0)
    return reject('conflict', 'filing-complete', 'nothing is missing from this filing; file a correction instead');
  const stated = leftOut === 'cleared' ? undefined : statedBy(command);
  const brought = (command.brought ?? []).filter((name) => filing.missing.includes(name));
  if (stated?.every((name) => name === 'period') && brought.length === 0)
    return reject(
      'malformed',
      'nothing-given',
      'the document says nothing that is not on record; give what is to be another',
    );
  const { before, made, later } = placedInLegalTime(filing, command, stated);
  if (made.values.kind === 'quarterly_reference' && before.values.kind === 'quarterly_reference')
    if (made.values.period !== before.values.period)
      return reject('refused', 'other-period', 'a correction stays with its period; withdraw and file anew instead', [
        fault('/period', 'other-period', `must be ${before.values.period}`),
      ]);
  const faults = valueFaults(made.values);
  if (faults.length > 0) return reject('malformed', 'values-malformed', 'some values cannot be read', faults);

  const { kind: _, ...values } = made.values;
  const base = {
    caseId: file.caseId,
    filingId: filing.filingId,
    registration,
    ...filerIfOther(file, filing.filedBy),
    location: made.location,
    values,
    ...(stated ? { stated } : {}),
    ...(movesTheCase(file, filing, stated, later) ? { placedOn: filing.versions[0]!.registration.receivedOn } : {}),
    ...(brought.length > 0 ? { brought } : {}),
    changed: changedValues(before.values, made.values),
    missing: stillMissing(filing, (later.at(-1) ?? made).values, stated && [...stated, ...brought]),
  };
  return type === 'CorrectFiling'
    ? [{ type: 'FilingCorrected', data: { ...base, correctionId: versionId, ...(reason ? { reason } : {}) } }]
    : [{ type: 'FilingCompleted', data: { ...base, completionId: versionId } }];
}

/** Names of what the document says itself, `location` among them. */
function statedBy({ values, cleared = [], location }: Change): readonly string[] {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || name === 'kind' ? [] : [name],
  );
  return [...given, ...cleared, ...(location ? ['location'] : [])];
}

/** The version that the command makes, between those received before and after it. */
function placedInLegalTime(
  filing: Filing,
  { type, versionId, registration, location, values }: Change,
  stated: readonly string[] | undefined,
): { readonly before: FilingVersion; readonly made: FilingVersion; readonly later: readonly FilingVersion[] } {
  const version: FilingVersion = {
    versionId,
    cause: type === 'CorrectFiling' ? 'correction' : 'completion',
    registration,
    location: location ?? latestRecordedVersion(filing).location,
    values,
    ...(stated ? { stated } : {}),
  };
  const ordered = byReceipt(settledVersions([...filing.versions, version]));
  const at = ordered.findIndex((one) => one.versionId === versionId);
  return { before: ordered[at - 1]!, made: ordered[at]!, later: ordered.slice(at + 1) };
}

/** Where the centre is, is for whose case it is to say; what was received later and names a place has said so already. */
const movesTheCase = (
  file: CaseFile,
  filing: Filing,
  stated: readonly string[] | undefined,
  later: readonly FilingVersion[],
): boolean =>
  stated !== undefined &&
  stated.includes('location') &&
  filing.filedBy === file.operatorBin &&
  !later.some((one) => !one.stated || one.stated.includes('location'));

/**
 * What the values in force lack, and what an officer found missing besides, until it is given: a value that is stated, an
 * annex or signature that is said to be brought. A document that says all anew (`given` undefined) gives all.
 */
function stillMissing(filing: Filing, inForce: FilingValues, given: readonly string[] | undefined): string[] {
  const lacking = missingValues(inForce);
  if (given === undefined) return lacking;
  return [...lacking, ...filing.missing.filter((name) => !lacking.includes(name) && !given.includes(name))];
}
