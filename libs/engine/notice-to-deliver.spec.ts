import fc from 'fast-check';
import { decimal, derivedId, drawUuid, instant, plainDate, type Quarter } from '#libs/kernel';
import { centreIdOf, noticeDeadline, noticeIdOf, type NoticeIssue } from '#libs/domain';
import type { Position, RecordedFact } from '#libs/event-store';
import { loadRules } from '#libs/rules';
import { noticeToDeliver } from './notice-to-deliver.js';

const rules = loadRules();
const ruleSet = rules.ruleSet('kz-384-open');
const caseId = derivedId('1', 'case');

function issuedFact(issue: Partial<NoticeIssue> & object = {}): RecordedFact {
  const versionId = derivedId('1', 'version');
  const receivedOn = plainDate('2021-12-30');
  const data: NoticeIssue & { issuedOn: string } = {
    noticeId: noticeIdOf(versionId, caseId),
    number: 'QN-2021-000007',
    caseId,
    centreId: centreIdOf(caseId),
    filingId: versionId,
    versionId,
    trigger: 'quarterly_reference',
    legalBasis: `${ruleSet.citation}, clause 6`,
    stage: 'existing',
    receivedAt: instant('2021-12-30T06:00:00Z'),
    receivedOn,
    deadline: noticeDeadline(ruleSet, rules.calendar('kz'), receivedOn),
    contents: { location: { region: '55', address: 'Ekibastuz' }, powerMw: decimal('7.50'), expansionMw: null },
    historical: false,
    issuedOn: '2021-12-30',
    ...issue,
  };
  const meta = {
    commandId: drawUuid(),
    requestHash: 'secret-hash',
    correlationId: 'correlation-of-filing',
    causationId: 'cause-of-filing',
    actor: { kind: 'system', id: 'qadaga', role: 'system' },
    channel: 'policy',
  } as const;
  return {
    id: drawUuid(),
    type: 'NoticeIssued',
    stream: `notice-${data.noticeId}`,
    revision: 0,
    recordedAt: instant('2021-12-30T06:00:01Z'),
    data,
    meta,
    position: '42' as Position,
  };
}

/** Every path to a value, `a.b`. */
const pathsOf = (value: object, before = ''): string[] =>
  Object.entries(value).flatMap(([name, member]) =>
    typeof member === 'object' && member !== null
      ? pathsOf(member as object, `${before}${name}.`)
      : [`${before}${name}`],
  );

describe('the notice that goes out', () => {
  it('says what was never declared as not stated, and both last days', () => {
    const notice = noticeToDeliver(issuedFact());
    expect(notice.contents).toEqual({
      location: { region: '55', address: 'Ekibastuz' },
      powerMw: '7.50',
      expansionMw: 'not stated',
    });
    expect(notice.deadline).toMatchObject({ nominalOn: '2022-01-04', dueOn: '2022-01-05' });
    expect(notice.checkpoint.position).toBe('42');
    expect(notice.checkpoint.factHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('names what it supersedes by number', () => {
    const supersedes = derivedId('2', 'notice');
    expect(noticeToDeliver(issuedFact({ supersedes }), 'QN-2021-000003').supersedes).toEqual({
      noticeId: supersedes,
      number: 'QN-2021-000003',
    });
  });

  it('is a closed list, whatever else the issue may hold: never operator, BIN, bank or journal number', () => {
    const secret = fc.constantFrom('operatorBin', 'bin', 'operatorName', 'bank', 'iban', 'journalNo', 'caseRef');
    const period = fc.option(fc.constant('2021-Q4' as Quarter), { nil: undefined });
    const power = fc.option(fc.constantFrom('0', '7.9', '120.125').map(decimal), { nil: null });
    const generated = fc.record({
      extra: fc.dictionary(secret, fc.stringMatching(/^SECRET-[0-9]{12}$/)),
      period,
      power,
      expansion: power,
      stage: fc.constantFrom('planned', 'existing', 'terminated' as const),
    });
    fc.assert(
      fc.property(generated, ({ extra, period: quarter, power: powerMw, expansion, stage }) => {
        const location = { region: '55', address: 'Ekibastuz', ...extra };
        const contents = { location, powerMw, expansionMw: expansion, ...extra };
        const fact = issuedFact({ ...extra, stage, contents, ...(quarter ? { period: quarter } : {}) });
        const notice = noticeToDeliver(fact);
        expect(pathsOf(notice)).toEqual([
          'noticeId',
          'number',
          'issuedOn',
          'legalBasis',
          'deadline.dueOn',
          'deadline.endsAt',
          'deadline.zone',
          'deadline.nominalOn',
          'stage',
          'period',
          'centreId',
          'contents.location.region',
          'contents.location.address',
          'contents.powerMw',
          'contents.expansionMw',
          'supersedes',
          'checkpoint.position',
          'checkpoint.factHash',
        ]);
        const text = JSON.stringify(notice);
        for (const inside of ['SECRET', caseId, 'secret-hash', 'correlation-of-filing'])
          expect(text).not.toContain(inside);
      }),
    );
  });
});
