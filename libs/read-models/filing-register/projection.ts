import {
  caseStream,
  missingValues,
  type AbsorbedFiling,
  type FilingFlag,
  type FilingKind,
  type FilingValues,
  type FilingVersion,
} from '#libs/domain';
import type { Instant, Quarter, Uuid } from '#libs/kernel';
import { foldHeader } from '../case-header.js';
import { parsed } from '../engine/json-text.js';
import type { Projection, Rows } from '../engine/projection.js';
import { streamKey, type DomainFact } from '../facts.js';
import { feedsOf } from '../feeds.js';
import { inForce, settledViews } from './in-force.js';
import {
  filingCaseTable,
  filingTable,
  type FilingCaseRow,
  type FilingRow,
  type FilingVersionView,
  type OpenValues,
} from './row.js';

export function filingRegisterProjection(): Projection {
  return {
    readModel: 'filings',
    tables: [filingTable, filingCaseTable],
    feeds: feedsOf('filings'),
    unitsOf: (fact) => [streamKey(fact.stream)],
    streamsOf: (unit) => [caseStream(unit as Uuid)],
    apply(rows, fact) {
      const { header } = foldHeader(rows, filingCaseTable, fact);
      for (const row of changedFilings(rows, header, fact)) rows.put(filingTable, row.filingId, row);
    },
  };
}

function changedFilings(rows: Rows, header: FilingCaseRow, fact: DomainFact): readonly FilingRow[] {
  const known = (filingId: Uuid): FilingRow => {
    const row = rows.get(filingTable, filingId);
    if (row === undefined) throw new Error(`${fact.type} of a filing that is not in the case`);
    return row;
  };
  switch (fact.type) {
    case 'PlannedConstructionFiled':
      return [filed(header, 'planned_construction', fact.data, fact.recordedAt)];
    case 'QuarterlyReferenceFiled':
      return [filed(header, 'quarterly_reference', fact.data, fact.recordedAt)];
    case 'TerminationFiled':
      return [filed(header, 'termination', fact.data, fact.recordedAt)];
    case 'FilingCorrected': {
      const { filingId, correctionId, reason } = fact.data;
      const version = laterVersion('correction', correctionId, fact.data, fact.recordedAt, reason);
      return [answered(withVersion(known(filingId), version, fact.data.missing))];
    }
    case 'FilingCompleted': {
      const version = laterVersion('completion', fact.data.completionId, fact.data, fact.recordedAt);
      return [answered(withVersion(known(fact.data.filingId), version, fact.data.missing))];
    }
    case 'FilingWithdrawn': {
      const { filingId, registration, reason } = fact.data;
      const takenBack = { how: 'withdrawn', receivedOn: registration.receivedOn, registration, reason } as const;
      return [{ ...known(filingId), situation: 'withdrawn', takenBack }];
    }
    case 'FilingAnnulmentProposed': {
      const { filingId, proposedBy: by, reason } = fact.data;
      return [{ ...known(filingId), annulmentProposal: { by, reason } }];
    }
    case 'FilingAnnulled': {
      const { filingId, annulledOn, proposedBy, confirmedBy, reason } = fact.data;
      const takenBack = { how: 'annulled', receivedOn: annulledOn, reason, proposedBy, confirmedBy } as const;
      return [{ ...known(filingId), situation: 'annulled', takenBack, annulmentProposal: null }];
    }
    case 'FilingMarkedIncomplete': {
      const { filingId, missing, remark } = fact.data;
      return [{ ...known(filingId), missing, remark }];
    }
    case 'CompletionRequested': {
      const { filingId, missing, by, text } = fact.data;
      return [{ ...known(filingId), completionRequest: { missing, by, text } }];
    }
    case 'DocumentAttached': {
      const { filingId, sha256, bytes, mediaType, name } = fact.data;
      const row = known(filingId);
      return [{ ...row, documents: [...row.documents, { sha256, bytes, mediaType, name }] }];
    }
    case 'CaseMerged':
      return [...rows.all(filingTable)].map((row) => ({ ...row, carriedTo: fact.data.intoCaseId }));
    case 'CaseAbsorbed':
      return fact.data.filings.map((filing) => absorbed(header, filing, fact.data.fromCaseId, fact.recordedAt));
    default:
      return [];
  }
}

/** A request for completion is over when nothing is missing any more. */
const answered = (row: FilingRow): FilingRow => (row.missing.length === 0 ? { ...row, completionRequest: null } : row);

type FiledData = Extract<
  DomainFact,
  { type: 'PlannedConstructionFiled' | 'QuarterlyReferenceFiled' | 'TerminationFiled' }
>['data'];

function filed(header: FilingCaseRow, kind: FilingKind, data: FiledData, recordedAt: Instant): FilingRow {
  const { filingId, registration, operatorBin, location, values, missing, flags } = data;
  const version = versionView(filingId, 'filing', registration, location, values, recordedAt);
  return rowOf(header, operatorBin, filingId, kind, [version], missing, flags);
}

function absorbed(header: FilingCaseRow, filing: AbsorbedFiling, from: Uuid, recordedAt: Instant): FilingRow {
  const versions = filing.versions.map((version) => absorbedVersion(version, recordedAt));
  const missing = missingValues(filing.versions.at(-1)!.values);
  const row = rowOf(header, filing.filedBy, filing.filingId, filing.kind, versions, missing, []);
  const { takenBack } = filing;
  return {
    ...row,
    absorbedFrom: from,
    ...(takenBack === undefined ? {} : { situation: takenBack.how, takenBack }),
  };
}

function absorbedVersion(version: FilingVersion, recordedAt: Instant): FilingVersionView {
  const { versionId, cause, registration, location, values, stated } = version;
  const { kind: _, ...filedValues } = values;
  return {
    ...versionView(versionId, cause, registration, location, filedValues, recordedAt),
    ...(stated ? { stated } : {}),
  };
}

/** Secrets end here: of the bank details only that they are on file goes on. */
function versionView(
  versionId: Uuid,
  cause: FilingVersion['cause'],
  registration: FilingVersion['registration'],
  location: FilingVersion['location'],
  values: object,
  recordedAt: Instant,
): FilingVersionView {
  const { bank, ...open } = values as Extract<FilingValues, { kind: 'planned_construction' }>;
  return {
    versionId,
    cause,
    registration,
    location,
    values: open as OpenValues,
    bankOnFile: bank !== undefined,
    recordedAt,
  };
}

type VersionData = Extract<DomainFact, { type: 'FilingCorrected' | 'FilingCompleted' }>['data'];

function laterVersion(
  cause: 'correction' | 'completion',
  versionId: Uuid,
  data: VersionData,
  recordedAt: Instant,
  reason?: string,
): FilingVersionView {
  const { registration, location, values, stated, changed, missing } = data;
  const version = versionView(versionId, cause, registration, location, values, recordedAt);
  return {
    ...version,
    ...(stated ? { stated } : {}),
    changed,
    missing,
    ...(reason === undefined ? {} : { reason }),
  };
}

function rowOf(
  { caseId, caseRef, operatorBin: holder }: FilingCaseRow,
  filedBy: string | undefined,
  filingId: Uuid,
  kind: FilingKind,
  versions: readonly FilingVersionView[],
  missing: readonly string[],
  flags: readonly FilingFlag[],
): FilingRow {
  const [{ registration, recordedAt, values }] = versions as [FilingVersionView];
  const current = inForce(versions);
  // One literal without spreads: hundreds of thousands of rows are held, and a spread of many columns makes them slow.
  return {
    caseId,
    filingId,
    caseRef,
    operatorBin: filedBy ?? holder,
    kind,
    period: (values as { readonly period?: Quarter }).period ?? null,
    journalNo: registration.journalNo,
    channel: registration.channel,
    submittedAt: registration.submittedAt ?? null,
    receivedAt: registration.receivedAt,
    receivedOn: registration.receivedOn,
    precision: registration.precision,
    registeredOn: registration.registeredOn,
    recordedAt,
    region: current.region,
    address: current.address,
    powerMw: current.powerMw,
    expansionMw: current.expansionMw,
    equipmentInvestmentKzt: current.equipmentInvestmentKzt,
    investmentPotentialKzt: current.investmentPotentialKzt,
    jobs: current.jobs,
    designStartOn: current.designStartOn,
    decidedOn: current.decidedOn,
    activityEndedOn: current.activityEndedOn,
    bankOnFile: current.bankOnFile,
    missing,
    flags,
    situation: versions.length > 1 ? 'corrected' : 'standing',
    currentVersionId: current.currentVersionId,
    latestVersionId: current.latestVersionId,
    versions: current.versions,
    takenBack: null,
    annulmentProposal: null,
    remark: null,
    completionRequest: null,
    documents: none,
    absorbedFrom: null,
    carriedTo: null,
  };
}

const none: readonly never[] = [];

const withVersion = (row: FilingRow, version: FilingVersionView, missing: readonly string[]): FilingRow => ({
  ...row,
  ...inForce(settledViews([...parsed(row.versions), version])),
  situation: 'corrected',
  missing,
});
