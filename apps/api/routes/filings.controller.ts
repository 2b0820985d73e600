import { Controller } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import {
  FilePlannedConstruction,
  FileQuarterlyReference,
  FileTermination,
  type Done,
  type GivenValues,
  type RecordFilingInput,
  type UseCase,
} from '#libs/application';
import type { Uuid } from '#libs/kernel';
import type { CaseState } from '#libs/domain';
import { checkOwn, mayEnterPaper } from '../access.js';
import { filingAnswer } from '../answers/filing.answer.js';
import { Commands } from '../commands.js';
import { Ask, BodyOf, Exchange } from '../exchange.js';
import { faultyField } from '../faults.js';
import { Law } from '../law.js';
import { Lookups } from '../lookups.js';
import {
  checkSubmission,
  intakeOf,
  locationOf,
  newCaseOf,
  plannedConstructionValues,
  quarterlyReferenceValues,
  terminationValues,
} from '../requests/filing-input.js';
import {
  PlannedConstructionBody,
  QuarterlyReferenceBody,
  TerminationBody,
  type FilingBody,
} from '../requests/filing.request.js';
import { Command } from '../routing.js';

const tag = 'filings';
const answer = 'FilingAnswer';

@Controller('api/v1')
export class FilingsController {
  constructor(
    private readonly commands: Commands,
    private readonly lookups: Lookups,
    private readonly law: Law,
  ) {}

  @Command('planned-constructions', {
    action: 'file-planned-construction',
    summary: 'File the appeal about planned construction (rule 3)',
    description:
      'It may open the case of its centre (`newCase`). What rule 3 asks for and is left out is marked missing.',
    body: PlannedConstructionBody,
    answer,
    status: 201,
    etag: 'answered',
    tag,
  })
  plannedConstruction(@Ask() exchange: Exchange, @BodyOf(PlannedConstructionBody) body: PlannedConstructionBody) {
    return this.file(exchange, FilePlannedConstruction, body, plannedConstructionValues(body));
  }

  @Command('quarterly-references', {
    action: 'file-quarterly-reference',
    summary: 'File the quarterly reference of one data center (rule 4)',
    body: QuarterlyReferenceBody,
    answer,
    status: 201,
    etag: 'answered',
    tag,
  })
  quarterlyReference(@Ask() exchange: Exchange, @BodyOf(QuarterlyReferenceBody) body: QuarterlyReferenceBody) {
    return this.file(exchange, FileQuarterlyReference, body, quarterlyReferenceValues(body, body.period));
  }

  @Command('terminations', {
    action: 'file-termination',
    summary: 'File the end of mining at one data center (rule 5)',
    body: TerminationBody,
    answer,
    status: 201,
    etag: 'answered',
    tag,
  })
  termination(@Ask() exchange: Exchange, @BodyOf(TerminationBody) body: TerminationBody) {
    return this.file(exchange, FileTermination, body, terminationValues(body));
  }

  private async file<Values extends GivenValues>(
    exchange: Exchange,
    useCase: Type<UseCase<RecordFilingInput & { readonly values: Values }, Done<CaseState>>>,
    body: FilingBody & { readonly ruleSetId?: string },
    values: Values,
  ) {
    const { newCase, location, ruleSetId } = body;
    const intake = intakeOf(body, mayEnterPaper(exchange.caller));
    checkSubmission(body, exchange.arrivedAt);
    if (location) this.law.checkRegion(location.region, this.law.dayOf(intake, exchange.arrivedAt), '/location/region');
    if (newCase) this.law.checkRegion(newCase.region, this.law.dayOf(intake, exchange.arrivedAt), '/newCase/region');
    this.law.checkRuleSet(ruleSetId);
    const caseId = await this.caseOf(exchange, body);
    const { operatorBin: own } = exchange.caller;
    const { filedBy } = body;
    if (filedBy !== undefined && (own !== undefined || intake.channel !== 'paper'))
      throw faultyField('/filedBy', 'paper-only', 'is said by the registry, of a paper document only');
    if (values.kind === 'termination')
      this.law.checkHappened(values.activityEndedOn, intake, exchange.arrivedAt, '/activityEndedOn');
    const done = await this.commands.run(
      exchange,
      useCase,
      {
        ...(caseId === undefined ? {} : { caseId }),
        ...(newCase === undefined ? {} : { newCase: newCaseOf(newCase) }),
        intake,
        ...(location === undefined ? {} : { location: locationOf(location) }),
        values,
        ...(ruleSetId === undefined ? {} : { ruleSetId }),
        ...(filedBy === undefined ? {} : { filedBy }),
      },
      { pointers: pointersOf(body), known: own === undefined ? {} : { filedBy: own } },
    );
    const filed = filingAnswer(done);
    exchange.answerHeader('location', `/api/v1/filings/${filed.filingId}`);
    exchange.answerHeader('etag', `"${filed.versionId}"`);
    return filed;
  }

  /** The case that is named; undefined when the filing opens one. */
  private async caseOf({ caller }: Exchange, { caseId, caseRef, newCase }: FilingBody): Promise<Uuid | undefined> {
    const named = [caseId, caseRef, newCase].filter((one) => one !== undefined).length;
    if (named !== 1)
      throw faultyField(
        '/caseId',
        named === 0 ? 'missing' : 'one-of-three',
        'give exactly one of caseId, caseRef and newCase',
      );
    if (newCase !== undefined) {
      checkOwn(caller, newCase.operatorBin, '/newCase/operatorBin');
      return undefined;
    }
    const found = caseId ?? (await this.lookups.getCaseIdByRef(caseRef!));
    await this.lookups.checkCaseToFileIn(caller, found);
    return found;
  }
}

/** The use case knows one field for each; the request may have them inside `newCase` or under the name of the day. */
const pointersOf = ({ newCase, receivedOn }: FilingBody): { readonly [from: string]: string } => ({
  ...(newCase ? { '/operatorBin': '/newCase/operatorBin', '/caseRef': '/newCase/caseRef' } : {}),
  ...(receivedOn === undefined ? {} : { '/receivedAt': '/receivedOn' }),
});
