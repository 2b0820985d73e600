import { never, type PlainDate, type Uuid } from '#libs/kernel';
import {
  missingValues,
  settledVersions,
  type FilingKind,
  type FilingValues,
  type FilingVersion,
  type Location,
} from '../filing.js';
import type { CaseEvent } from './events.js';
import { placeOn, type CaseFile, type CaseState, type Filing, type Obligation } from './state.js';

/** Folds one fact. Total over every sequence the decider can give; a fact that has no case to stand on is a damaged log. */
export function evolveCase(state: CaseState, event: CaseEvent): CaseState {
  if (event.type === 'CaseOpened') {
    const { caseId, caseRef, operatorBin, location, ruleSet } = event.data;
    const empty = { formerOperators: [], filings: new Map(), commissionings: [], obligations: new Map() };
    const places = [{ location }];
    return { situation: 'active', file: { caseId, caseRef, operatorBin, location, places, ruleSet, ...empty } };
  }
  if (state.situation === 'none') throw new Error(`${event.type} before CaseOpened`);
  const { file } = state;
  const withFile = (changed: Partial<CaseFile>): CaseState => ({ ...state, file: { ...file, ...changed } });

  switch (event.type) {
    case 'PlannedConstructionFiled':
      return withFile(filed(file, 'planned_construction', event.data));
    case 'QuarterlyReferenceFiled':
      return withFile(filed(file, 'quarterly_reference', event.data));
    case 'TerminationFiled':
      return withFile(filed(file, 'termination', event.data));
    case 'DataCenterCommissioned': {
      const { entryId, commissionedOn, expansionMw, registration } = event.data;
      const entry = { entryId, commissionedOn, registration, ...(expansionMw === undefined ? {} : { expansionMw }) };
      return withFile({ ...placed(file, event.data), commissionings: [...file.commissionings, entry] });
    }
    case 'CommissioningWithdrawn':
      return withFile({
        commissionings: file.commissionings.filter(({ entryId }) => entryId !== event.data.entryId),
      });
    case 'FilingCorrected':
      return withFile(versioned(file, 'correction', event.data.correctionId, event.data));
    case 'FilingCompleted':
      return withFile(versioned(file, 'completion', event.data.completionId, event.data));
    case 'FilingWithdrawn': {
      const { filingId, registration } = event.data;
      return withFile(
        changeFiling(file, filingId, { takenBack: { how: 'withdrawn', receivedOn: registration.receivedOn } }),
      );
    }
    case 'FilingAnnulmentProposed': {
      const { filingId, proposedBy, reason } = event.data;
      return withFile(changeFiling(file, filingId, { annulmentProposal: { by: proposedBy, reason } }));
    }
    case 'FilingAnnulled': {
      const { filingId, annulledOn } = event.data;
      return withFile(changeFiling(file, filingId, { takenBack: { how: 'annulled', receivedOn: annulledOn } }));
    }
    case 'FilingMarkedIncomplete':
      return withFile(changeFiling(file, event.data.filingId, { missing: event.data.missing }));
    case 'CompletionRequested':
      return state;
    case 'DocumentAttached': {
      const { filingId, sha256 } = event.data;
      const documents = [...(file.filings.get(filingId)?.documents ?? []), sha256];
      return withFile(changeFiling(file, filingId, { documents }));
    }
    case 'ObligationOpened': {
      const { obligationId, kind, period, opensOn, deadline, historical } = event.data;
      const status = deadline === null ? 'undetermined' : 'open';
      const obligation: Obligation = {
        obligationId,
        kind,
        ...(period ? { period } : {}),
        opensOn,
        deadline,
        status,
        historical,
        missed: false,
      };
      return withFile({ obligations: new Map(file.obligations).set(obligationId, obligation) });
    }
    case 'ObligationMet': {
      const { obligationId, filingId, receivedOn, late, daysLate } = event.data;
      const excused = file.obligations.get(obligationId)?.excuse !== undefined;
      const status = late === null ? 'undetermined' : !late ? 'met' : excused ? 'excused' : 'met_late';
      return withFile(changeObligation(file, obligationId, { status, metBy: { filingId, receivedOn, daysLate } }));
    }
    case 'ObligationMissed':
      return withFile(changeObligation(file, event.data.obligationId, { status: 'missed', missed: true }));
    case 'MissRescinded':
      return withFile(changeObligation(file, event.data.obligationId, { status: 'open', missed: false }));
    case 'ObligationReopened': {
      const { obligationId } = event.data;
      // What was excused, or missed before it was met late, is so again when that filing is taken back.
      const known = file.obligations.get(obligationId);
      const status = known?.excuse ? 'excused' : known?.missed ? 'missed' : 'open';
      return withFile(changeObligation(file, obligationId, { status, metBy: undefined }));
    }
    case 'DeadlineRevised': {
      const { obligationId, deadline } = event.data;
      return withFile(changeObligation(file, obligationId, { deadline }));
    }
    case 'ObligationVoided':
      return withFile(changeObligation(file, event.data.obligationId, { status: 'void', metBy: undefined }));
    case 'ObligationExcused': {
      const { obligationId, orderNo, reason } = event.data;
      return withFile(changeObligation(file, obligationId, { status: 'excused', excuse: { orderNo, reason } }));
    }
    case 'CaseTransferred': {
      const { fromBin, toBin, effectiveOn } = event.data;
      const formerOperators = [...file.formerOperators, { bin: fromBin, until: effectiveOn }];
      return withFile({ operatorBin: toBin, formerOperators });
    }
    case 'CaseLocationChanged':
      return withFile(movedTo(file, event.data.to, event.data.effectiveOn));
    case 'CaseMerged':
      return { situation: 'merged', file, into: event.data.intoCaseId };
    case 'CaseAbsorbed': {
      const { fromCaseId, filings, commissionings } = event.data;
      const all = new Map(file.filings);
      for (const { filingId, kind, filedBy, versions, takenBack } of filings)
        all.set(filingId, {
          filingId,
          kind,
          filedBy: filedBy ?? file.operatorBin,
          versions: versions.map((version) => ({ recordedIn: fromCaseId, ...version })),
          missing: missingValues(versions.at(-1)!.values),
          documents: [],
          absorbedFrom: fromCaseId,
          ...(takenBack ? { takenBack } : {}),
        });
      return withFile({ filings: all, commissionings: [...file.commissionings, ...commissionings] });
    }
    case 'CaseClosed':
      return { situation: 'closed', file };
    case 'CaseReopened':
      return { situation: 'active', file };
    default:
      return never(event);
  }
}

type FiledData = Extract<
  CaseEvent,
  { type: 'PlannedConstructionFiled' | 'QuarterlyReferenceFiled' | 'TerminationFiled' }
>;

function filed(file: CaseFile, kind: FilingKind, data: FiledData['data']): Partial<CaseFile> {
  const { filingId, registration, operatorBin, location, values, missing } = data;
  const version: FilingVersion = {
    versionId: filingId,
    cause: 'filing',
    registration,
    location,
    values: { kind, ...values } as FilingValues,
  };
  const filedBy = operatorBin ?? file.operatorBin;
  const filing: Filing = { filingId, kind, filedBy, versions: [version], missing, documents: [] };
  return { ...placed(file, data), filings: new Map(file.filings).set(filingId, filing) };
}

type PlacedData = Pick<FiledData['data'], 'location' | 'locationFromCase' | 'registration'>;

const placed = (file: CaseFile, { location, locationFromCase, registration }: PlacedData): Partial<CaseFile> =>
  locationFromCase ? {} : movedTo(file, location, registration.receivedOn);

/** What arrives late takes its place in legal time: an older word on where the centre is does not replace a newer one. */
function movedTo(file: CaseFile, location: Location, on: PlainDate): Partial<CaseFile> {
  const places = [...file.places, { location, on }];
  return { places, location: placeOn({ places }) };
}

type VersionData = Extract<CaseEvent, { type: 'FilingCorrected' | 'FilingCompleted' }>['data'];

function versioned(
  file: CaseFile,
  cause: 'correction' | 'completion',
  versionId: Uuid,
  data: VersionData,
): Partial<CaseFile> {
  const filing = file.filings.get(data.filingId);
  if (!filing) throw new Error(`a ${cause} of a filing that is not in the case`);
  const values = { kind: filing.kind, ...data.values } as FilingValues;
  const { registration, location, stated, missing } = data;
  const filedBy = data.operatorBin ?? file.operatorBin;
  const version = { versionId, cause, registration, location, values, filedBy, ...(stated ? { stated } : {}) };
  return {
    ...changeFiling(file, data.filingId, { versions: settledVersions([...filing.versions, version]), missing }),
    ...(data.placedOn ? movedTo(file, location, data.placedOn) : {}),
  };
}

function changeFiling(file: CaseFile, filingId: Uuid, change: Partial<Filing>): Partial<CaseFile> {
  const filing = file.filings.get(filingId);
  if (!filing) throw new Error('a change of a filing that is not in the case');
  return { filings: new Map(file.filings).set(filingId, { ...filing, ...change }) };
}

function changeObligation(file: CaseFile, obligationId: Uuid, change: Partial<Obligation>): Partial<CaseFile> {
  const obligation = file.obligations.get(obligationId);
  if (!obligation) throw new Error('a change of an obligation that was never opened');
  return { obligations: new Map(file.obligations).set(obligationId, { ...obligation, ...change }) };
}
