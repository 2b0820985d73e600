import { operatorOn, supersedesLocation, type CaseOpened, type FormerOperator, type Location } from '#libs/domain';
import type { PlainDate, Uuid } from '#libs/kernel';
import { parsed } from './engine/json-text.js';
import { Field, KeyField, type Table } from './engine/table.js';
import type { Rows } from './engine/projection.js';
import type { DomainFact, DomainFactType } from './facts.js';

/** What several read models need to know of a case whatever the fact; each keeps it in a private table of its own. */
export abstract class CaseHeaderRow {
  @KeyField('uuid') caseId: Uuid;
  @Field('text') caseRef: string;
  @Field('text') operatorBin: string;
  @Field('text') region: string;
  @Field('text') address: string;
  /** Since when it stands there, in legal time; null: since it was opened. */
  @Field('date', { nullable: true }) locatedOn: PlainDate | null;
  @Field('text') ruleSetId: string;
  /** In the order of recording. */
  @Field('jsonb') formerOperators: readonly FormerOperator[];
}

/** The facts that make or change a header. */
export const headerFacts = [
  'CaseOpened',
  'PlannedConstructionFiled',
  'QuarterlyReferenceFiled',
  'TerminationFiled',
  'DataCenterCommissioned',
  'FilingCorrected',
  'FilingCompleted',
  'CaseTransferred',
  'CaseLocationChanged',
] as const satisfies readonly DomainFactType[];

export const headerOfOpened = (data: CaseOpened['data']): CaseHeaderRow => ({
  caseId: data.caseId,
  caseRef: data.caseRef,
  operatorBin: data.operatorBin,
  region: data.location.region,
  address: data.location.address,
  locatedOn: null,
  ruleSetId: data.ruleSet.id,
  formerOperators: none,
});

const none: readonly never[] = [];

/** The header after the fact; the same object when it changed nothing. As `evolveCase` moves a case's place and owner. */
export function headerAfter<Row extends CaseHeaderRow>(header: Row, fact: DomainFact): Row {
  switch (fact.type) {
    case 'PlannedConstructionFiled':
    case 'QuarterlyReferenceFiled':
    case 'TerminationFiled':
    case 'DataCenterCommissioned':
      return fact.data.locationFromCase
        ? header
        : movedTo(header, fact.data.location, fact.data.registration.receivedOn);
    case 'CaseLocationChanged':
      return movedTo(header, fact.data.to, fact.data.effectiveOn);
    case 'FilingCorrected':
    case 'FilingCompleted':
      return fact.data.placedOn ? movedTo(header, fact.data.location, fact.data.placedOn) : header;
    case 'CaseTransferred': {
      const { fromBin, toBin, effectiveOn } = fact.data;
      const formerOperators = [...parsed(header.formerOperators), { bin: fromBin, until: effectiveOn }];
      return { ...header, operatorBin: toBin, formerOperators };
    }
    default:
      return header;
  }
}

const movedTo = <Row extends CaseHeaderRow>(header: Row, { region, address }: Location, locatedOn: PlainDate): Row =>
  supersedesLocation(header.locatedOn, locatedOn) ? { ...header, region, address, locatedOn } : header;

/** Keeps the header's row up to the fact and gives both states. @throws when the case was never opened: a damaged log. */
export function foldHeader<Row extends CaseHeaderRow>(
  rows: Rows,
  table: Table<Row>,
  fact: DomainFact,
): { readonly header: Row; readonly before: Row | undefined } {
  const before = rows.get(table, '');
  if (before === undefined) {
    if (fact.type !== 'CaseOpened') throw new Error(`${fact.type} before CaseOpened`);
    const header = headerOfOpened(fact.data) as Row;
    rows.put(table, '', header);
    return { header, before };
  }
  const header = headerAfter(before, fact);
  if (header !== before) rows.put(table, '', header);
  return { header, before };
}

/** Whose the case was on the day; see `operatorOn`. */
export const headerOperatorOn = ({ operatorBin, formerOperators }: CaseHeaderRow, day: PlainDate): string =>
  operatorOn({ operatorBin, formerOperators: parsed(formerOperators) }, day);
