import { byReceipt, settledVersions } from '#libs/domain';
import type { Decimal, PlainDate } from '#libs/kernel';
import { asText, parsed } from '../engine/json-text.js';
import type { FilingRow, FilingVersionView } from './row.js';

/** As the decider settles them; that an account is on file counts as the value `bank`. */
export const settledViews = (versions: readonly FilingVersionView[]): readonly FilingVersionView[] =>
  settledVersions(
    versions.map((version) => ({ ...version, values: { ...version.values, bank: version.bankOnFile } })),
  ).map(({ values: { bank = false, ...values }, ...version }) => ({ ...version, values, bankOnFile: bank }));

/** The columns that follow from the versions: the values in force are those of the version received last. */
export function inForce(versions: readonly FilingVersionView[]) {
  const current = byReceipt(versions).at(-1)!;
  const values = current.values as {
    readonly powerMw?: Decimal;
    readonly expansionMw?: Decimal;
    readonly equipmentInvestmentKzt?: Decimal;
    readonly investmentPotentialKzt?: Decimal;
    readonly jobs?: number;
    readonly designStartOn?: PlainDate;
    readonly decidedOn?: PlainDate;
    readonly activityEndedOn?: PlainDate;
  };
  return {
    versions: asText(versions),
    currentVersionId: current.versionId,
    latestVersionId: versions.at(-1)!.versionId,
    region: current.location.region,
    address: current.location.address,
    powerMw: values.powerMw ?? null,
    expansionMw: values.expansionMw ?? null,
    equipmentInvestmentKzt: values.equipmentInvestmentKzt ?? null,
    investmentPotentialKzt: values.investmentPotentialKzt ?? null,
    jobs: values.jobs ?? null,
    designStartOn: values.designStartOn ?? null,
    decidedOn: values.decidedOn ?? null,
    activityEndedOn: values.activityEndedOn ?? null,
    bankOnFile: current.bankOnFile,
  };
}

/**
 * What the operator `bin` may go on reading of its filing once the case is another's: the document and what it changed in
 * it itself, as these stand alone. Nothing of how others work on it since; that it was taken back it may know.
 */
export function partFiledBy(row: FilingRow, bin: string): FilingRow {
  const versions = parsed(row.versions).filter(({ operatorBin }, n) => (operatorBin ?? (n === 0 ? bin : '')) === bin);
  const { versions: _, ...current } = inForce(settledViews(versions));
  const { takenBack } = row;
  return {
    ...row,
    ...current,
    versions: settledViews(versions),
    missing: [],
    situation: takenBack?.how ?? (versions.length > 1 ? 'corrected' : 'standing'),
    takenBack: takenBack && { how: takenBack.how, receivedOn: takenBack.receivedOn },
    annulmentProposal: null,
    remark: null,
    completionRequest: null,
    documents: [],
  };
}
