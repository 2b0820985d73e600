import { byReceipt, settledVersions } from '#libs/domain';
import type { Decimal, PlainDate } from '#libs/kernel';
import { asText } from '../engine/json-text.js';
import type { FilingVersionView } from './row.js';

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
