import { readdirSync } from 'node:fs';
import { derivedId, drawUuid, instant, type Fact, type FactMeta } from '#libs/kernel';
import { intentionsOf, kindsReachedBy, policies } from './index.js';

const caseId = derivedId('1', 'case');
const id = derivedId('1', 'other');

function fact(type: string, data: object, channel: FactMeta['channel'] = 'api'): Fact {
  return {
    id: drawUuid(),
    type,
    data,
    stream: `case-${caseId}`,
    revision: 0,
    recordedAt: instant('2021-01-05T10:00:00Z'),
    meta: {
      commandId: drawUuid(),
      requestHash: '',
      correlationId: '1',
      causationId: '1',
      actor: { kind: 'person', id: '1', role: 'operator' },
      channel,
    },
  };
}
const intentions = (one: Fact) => intentionsOf(one).map(({ intention }) => intention);

describe('a policy', () => {
  it('is in a file with its name', () => {
    const files = readdirSync(import.meta.dirname ?? __dirname)
      .filter((file) => !/^(index|policy|policies\.spec)\.ts$/.test(file))
      .map((file) => file.replace(/\.ts$/, ''));
    expect(policies.map(({ name }) => name).sort()).toEqual(files.sort());
  });

  it.each([
    ['PlannedConstructionFiled', 'filingId'],
    ['QuarterlyReferenceFiled', 'filingId'],
    ['TerminationFiled', 'filingId'],
    ['FilingCorrected', 'correctionId'],
    ['FilingCompleted', 'completionId'],
  ])('issues a notice of the version that %s makes', (type, member) => {
    const filed = fact(type, { caseId, filingId: drawUuid(), [member]: id });
    expect(intentions(filed)).toEqual([{ intention: 'issue-notice', caseId, versionId: id }]);
  });

  it('asks nothing for imported filings, notices and alerts', () => {
    for (const type of ['QuarterlyReferenceFiled', 'FilingCorrected', 'NoticeIssued', 'AlertRaised'])
      expect(intentions(fact(type, { caseId, filingId: id, noticeId: id, alertId: id }, 'import'))).toEqual([]);
  });

  it('queues an issued notice, but no historical one', () => {
    const issued = (historical: boolean) => fact('NoticeIssued', { caseId, noticeId: id, historical }, 'policy');
    expect(intentions(issued(false))).toEqual([{ intention: 'queue-notice', caseId, noticeId: id }]);
    expect(intentions(issued(true))).toEqual([]);
  });

  it('has officers alerted of a refused notice', () => {
    expect(intentions(fact('NoticeRefused', { noticeId: id, reason: 'not ours' }))).toEqual([
      { intention: 'alert-refusal', noticeId: id },
    ]);
  });

  it('sends a raised alert', () => {
    const raised = fact('AlertRaised', { caseId, alertId: id }, 'job');
    expect(intentions(raised)).toEqual([{ intention: 'send-alert', caseId, alertId: id }]);
  });

  it('follows every order, and knows which duties an extension reaches', () => {
    for (const type of ['TermExtended', 'OutageRecorded', 'CalendarCorrected']) {
      const ordered = fact(type, { scope: { kind: 'quarterly_reference' } });
      expect(intentions(ordered)).toEqual([{ intention: 'follow-order', orderFactId: ordered.id }]);
    }
    expect(kindsReachedBy(fact('TermExtended', { scope: { kind: 'termination' } }))).toEqual(['termination']);
    expect(kindsReachedBy(fact('OutageRecorded', {}))).toBeUndefined();
  });

  it('has no answer to other facts', () => {
    for (const type of ['CaseOpened', 'ObligationMissed', 'NoticeSent', 'AlertSent', 'FilingWithdrawn'])
      expect(intentionsOf(fact(type, { caseId }))).toEqual([]);
  });
});
