import { Controller, Param } from '@nestjs/common';
import {
  AddNote,
  AssignCase,
  ChangeLocation,
  CloseCase,
  MergeCase,
  OpenCase,
  RecordCommissioning,
  ReopenCase,
  TransferCase,
  WithdrawCommissioning,
  type Done,
} from '#libs/application';
import type { Uuid } from '#libs/kernel';
import type { CaseState } from '#libs/domain';
import { checkOwn, mayEnterPaper } from '../access.js';
import { Commands } from '../commands.js';
import { Ask, BodyOf, Exchange } from '../exchange.js';
import { Law } from '../law.js';
import { Lookups } from '../lookups.js';
import { Officers } from '../officers.js';
import { checkSubmission, idOf, intakeOf, locationOf, newCaseOf } from '../requests/filing-input.js';
import {
  AssignmentBody,
  CommissioningBody,
  MergeBody,
  NoteBody,
  OpenCaseBody,
  ReasonBody,
  RelocationBody,
  TransferBody,
} from '../requests/registry.request.js';
import { Command } from '../routing.js';

const tag = 'cases';
const params = { caseId: 'Id of the case.' };

@Controller('api/v1/cases')
export class CasesController {
  constructor(
    private readonly commands: Commands,
    private readonly lookups: Lookups,
    private readonly law: Law,
    private readonly officers: Officers,
  ) {}

  @Command('', {
    action: 'open-case',
    summary: 'Open the case of a data center that no document has named yet',
    body: OpenCaseBody,
    answer: 'CaseOpenedAnswer',
    status: 201,
    tag,
  })
  async open(@Ask() exchange: Exchange, @BodyOf(OpenCaseBody) body: OpenCaseBody) {
    const { ruleSetId } = body;
    checkOwn(exchange.caller, body.operatorBin, '/operatorBin');
    this.law.checkRegion(body.region, this.law.today(exchange.arrivedAt), '/region');
    this.law.checkRuleSet(ruleSetId);
    const done = await this.commands.run(exchange, OpenCase, {
      ...newCaseOf(body),
      ...(ruleSetId === undefined ? {} : { ruleSetId }),
    });
    const file = fileOf(done);
    exchange.answerHeader('location', `/api/v1/cases/${file.caseId}`);
    return { caseId: file.caseId, caseRef: file.caseRef };
  }

  @Command(':caseId/commissioning', {
    action: 'record-commissioning',
    summary: 'Record that the centre is running',
    params,
    body: CommissioningBody,
    answer: 'CommissioningAnswer',
    status: 201,
    tag,
  })
  async commission(
    @Ask() exchange: Exchange,
    @Param('caseId') id: string,
    @BodyOf(CommissioningBody) body: CommissioningBody,
  ) {
    const caseId = await this.caseId(exchange, id);
    const { commissionedOn, expansionMw, location } = body;
    const intake = intakeOf(body, mayEnterPaper(exchange.caller));
    checkSubmission(body, exchange.arrivedAt);
    this.law.checkHappened(commissionedOn, intake, exchange.arrivedAt, '/commissionedOn');
    if (location) this.law.checkRegion(location.region, this.law.dayOf(intake, exchange.arrivedAt), '/location/region');
    const done = await this.commands.run(exchange, RecordCommissioning, {
      caseId,
      intake,
      commissionedOn,
      ...(expansionMw === undefined ? {} : { expansionMw }),
      ...(location === undefined ? {} : { location: locationOf(location) }),
    });
    const fact = done.facts.find(({ type }) => type === 'DataCenterCommissioned');
    const { entryId, registration } = fact!.data as { entryId: string; registration: { journalNo: string } };
    return { caseId, entryId, journalNo: registration.journalNo };
  }

  @Command(':caseId/commissioning/:entryId/withdrawal', {
    action: 'withdraw-commissioning',
    summary: 'Take back a commissioning entry that was a mistake',
    description:
      'It never was: duties that hung on it are void, misses rescinded. Enter the right one anew. A place that it named stays; change the location if that was a mistake too.',
    params: { ...params, entryId: 'Id of the entry.' },
    body: ReasonBody,
    answer: 'CaseAnswer',
    tag,
  })
  async withdrawCommissioning(
    @Ask() exchange: Exchange,
    @Param('caseId') id: string,
    @Param('entryId') entry: string,
    @BodyOf(ReasonBody) { reason }: ReasonBody,
  ) {
    const caseId = await this.caseId(exchange, id);
    await this.commands.run(exchange, WithdrawCommissioning, { caseId, entryId: idOf(entry, 'commissioning'), reason });
    return { caseId };
  }

  @Command(':caseId/transfer', {
    action: 'transfer-case',
    summary: 'Transfer the case to another operator',
    params,
    body: TransferBody,
    answer: 'CaseAnswer',
    tag,
  })
  async transfer(@Ask() exchange: Exchange, @Param('caseId') id: string, @BodyOf(TransferBody) body: TransferBody) {
    const caseId = await this.caseId(exchange, id);
    await this.commands.run(
      exchange,
      TransferCase,
      { caseId, toBin: body.toBin, effectiveOn: body.effectiveOn, reason: body.reason },
      { pointers: { '/operatorBin': '/toBin' } },
    );
    return { caseId };
  }

  @Command(':caseId/location', {
    action: 'change-location',
    summary: 'Change the address or region of the centre',
    params,
    body: RelocationBody,
    answer: 'CaseAnswer',
    tag,
  })
  async relocate(@Ask() exchange: Exchange, @Param('caseId') id: string, @BodyOf(RelocationBody) body: RelocationBody) {
    const caseId = await this.caseId(exchange, id);
    this.law.checkRegion(body.to.region, body.effectiveOn, '/to/region');
    const { effectiveOn, reason } = body;
    await this.commands.run(exchange, ChangeLocation, { caseId, to: locationOf(body.to), effectiveOn, reason });
    return { caseId };
  }

  @Command(':caseId/merge', {
    action: 'merge-case',
    summary: 'Merge a case that was opened twice into the one that stays',
    params,
    body: MergeBody,
    answer: 'MergedAnswer',
    tag,
  })
  async merge(@Ask() exchange: Exchange, @Param('caseId') id: string, @BodyOf(MergeBody) body: MergeBody) {
    const caseId = await this.caseId(exchange, id);
    const { intoCaseId, reason } = body;
    await this.commands.run(exchange, MergeCase, { caseId, intoCaseId, reason });
    return { caseId, intoCaseId };
  }

  @Command(':caseId/close', {
    action: 'close-case',
    summary: 'Close the case',
    params,
    body: ReasonBody,
    answer: 'CaseAnswer',
    tag,
  })
  async close(@Ask() exchange: Exchange, @Param('caseId') id: string, @BodyOf(ReasonBody) { reason }: ReasonBody) {
    const caseId = await this.caseId(exchange, id);
    await this.commands.run(exchange, CloseCase, { caseId, reason });
    return { caseId };
  }

  @Command(':caseId/reopen', {
    action: 'reopen-case',
    summary: 'Open a closed case again',
    params,
    body: ReasonBody,
    answer: 'CaseAnswer',
    tag,
  })
  async reopen(@Ask() exchange: Exchange, @Param('caseId') id: string, @BodyOf(ReasonBody) { reason }: ReasonBody) {
    const caseId = await this.caseId(exchange, id);
    await this.commands.run(exchange, ReopenCase, { caseId, reason });
    return { caseId };
  }

  @Command(':caseId/assignment', {
    action: 'assign-case',
    summary: 'Give the case to an officer, or take it from whoever has it',
    params,
    body: AssignmentBody,
    answer: 'CaseAnswer',
    tag,
  })
  async assign(@Ask() exchange: Exchange, @Param('caseId') id: string, @BodyOf(AssignmentBody) body: AssignmentBody) {
    const caseId = await this.caseId(exchange, id);
    const { assignee, reason } = body;
    const isOfficer = assignee === null || (await this.officers.has(assignee));
    const input = { caseId, assignee, ...(reason === undefined ? {} : { reason }) };
    await this.commands.run(exchange, AssignCase, input, { known: { isOfficer } });
    return { caseId };
  }

  @Command(':caseId/notes', {
    action: 'add-note',
    summary: 'Write a note in the case',
    params,
    body: NoteBody,
    answer: 'NoteAnswer',
    status: 201,
    tag,
  })
  async note(@Ask() exchange: Exchange, @Param('caseId') id: string, @BodyOf(NoteBody) { text }: NoteBody) {
    const caseId = await this.caseId(exchange, id);
    const done = await this.commands.run(exchange, AddNote, { caseId, text });
    const { noteId } = done.facts[0]!.data as { noteId: Uuid };
    return { caseId, noteId };
  }

  private async caseId(exchange: Exchange, text: string) {
    const caseId = idOf(text, 'case');
    await this.lookups.getCase(exchange.caller, caseId);
    return caseId;
  }
}

function fileOf(done: Done<CaseState>) {
  if (done.state.situation === 'none') throw new Error('a case was opened and is not there');
  return done.state.file;
}
