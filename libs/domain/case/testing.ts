import { decimal, derivedId, instantAt, plainDate, quarter, type Uuid } from '#libs/kernel';
import { loadRules } from '#libs/rules';
import { specificationOf } from '#libs/testing';
import type { FilingValues, Registration } from '../filing.js';
import type { CaseCommand } from './commands.js';
import { caseDecider, type CaseContext } from './decider.js';
import type { CaseEvent, CaseOpening } from './events.js';
import { obligationIdOf } from './obligations.js';

const catalogue = loadRules();
export const { given, fold } = specificationOf(caseDecider);
export const caseId = derivedId('case', 'test');
export const opening: CaseOpening = {
  caseId,
  caseRef: 'C0001',
  operatorBin: '940140000385',
  location: { region: '55', address: 'Екібастұз' },
};
export const id = (name: string): Uuid => derivedId(name, 'test');

export const on = (day: string, time = '12:00', ruleSet = 'kz-384-open'): CaseContext => {
  const rules = catalogue.ruleSet(ruleSet);
  return {
    rules,
    calendar: catalogue.calendar(rules.calendarId),
    extensions: [],
    outages: [],
    now: instantAt(plainDate(day), time, rules.zone),
    historical: false,
    assess: true,
  };
};

export const received = (day: string, journalNo = `J-${day}`): Registration => ({
  journalNo,
  channel: 'paper',
  receivedAt: instantAt(plainDate(day), '12:00', 'Asia/Almaty'),
  receivedOn: plainDate(day),
  precision: 'day',
  registeredOn: plainDate(day),
});

export const reference = (period: string, powerMw = '5.0'): FilingValues => ({
  kind: 'quarterly_reference',
  period: quarter(period),
  powerMw: decimal(powerMw),
  equipmentInvestmentKzt: decimal('1000'),
  investmentPotentialKzt: decimal('2000'),
  jobs: 7,
});

export const file = (values: FilingValues, day: string, name = `${values.kind}-${day}`): CaseCommand => ({
  type: 'RecordFiling',
  filingId: id(name),
  registration: received(day, `J-${name}`),
  location: undefined,
  values,
  opening,
});

export const commission = (day: string, receivedOn = day): CaseCommand => ({
  type: 'RecordCommissioning',
  entryId: id(`commissioned-${day}`),
  registration: received(receivedOn, `K-${day}`),
  location: undefined,
  commissionedOn: plainDate(day),
  opening,
});

/** Lives through commands, each on its day; the facts of all of them. */
export function lived(...steps: readonly [CaseCommand, CaseContext][]): CaseEvent[] {
  const facts: CaseEvent[] = [];
  for (const [command, context] of steps) facts.push(...given(facts).when(command, context).facts());
  return facts;
}

export const assess: CaseCommand = { type: 'AssessObligations' };
export const types = (facts: readonly CaseEvent[]) => facts.map((fact) => fact.type);
export const quarterly = (period: string) => obligationIdOf(caseId, 'quarterly_reference', quarter(period));

/** The file of the case that lived through the facts. */
export function caseFileOf(facts: readonly CaseEvent[]) {
  const state = fold(facts);
  if (state.situation === 'none') throw new Error('no case');
  return state.file;
}

export function obligation(facts: readonly CaseEvent[], obligationId: Uuid) {
  const found = caseFileOf(facts).obligations.get(obligationId);
  if (!found) throw new Error('no such obligation');
  return found;
}
