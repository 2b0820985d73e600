import { decimal } from '#libs/kernel';
import {
  cast,
  createStory,
  id,
  issueNotice,
  openCase,
  place,
  registration,
  rowsAfter,
  rules,
  zone,
} from '../testing.js';
import { tellLives } from '../testing-life.js';
import { caseTimelineProjection } from './projection.js';
import { timelineTable } from './row.js';

const one = cast(1);
const { caseId } = one;
const projection = caseTimelineProjection({ rules, zone });

describe('the case timeline', () => {
  it('joins the legal facts, the work and the notices of a case in the order of the log', () => {
    const story = createStory('2021-01-01T20:00:00.000Z');
    openCase(story, one);
    story.tell('CaseAssigned', { caseId, assignee: 'officer-1' });
    const noticeId = issueNotice(story, one, id('filing'), '2021-01-10T04:00:00.000Z', '2021-01-15');
    story.tell('NoticeQueued', { noticeId });
    const rows = rowsAfter(projection, timelineTable, story.facts);
    expect(rows.map((row) => [row.position, row.caseId, row.stream.split('-')[0], row.revision, row.type])).toEqual([
      ['1', caseId, 'case', 0, 'CaseOpened'],
      ['2', caseId, 'caseWork', 0, 'CaseAssigned'],
      ['3', caseId, 'notice', 0, 'NoticeIssued'],
      ['4', caseId, 'notice', 1, 'NoticeQueued'],
    ]);
    expect(rows.map(({ legalOn }) => legalOn)).toEqual(['2021-01-04', '2021-01-02', '2021-01-10', '2021-01-02']);
    expect(rows[0]).toMatchObject({
      logOrder: 1,
      logMinor: 0,
      recordedAt: '2021-01-01T20:00:01.000Z',
      actorId: 'account-1',
      actorKind: 'person',
      actorRole: 'registrar',
      onBehalfOf: null,
      summary: { caseRef: one.ref, operatorBin: one.bin, region: '55', ruleSet: 'sample' },
    });
  });

  it('sorts by both numbers of a KurrentDB position', () => {
    const story = createStory();
    openCase(story, one);
    const facts = story.facts.map((fact) => ({ ...fact, position: '812/640' as never }));
    expect(rowsAfter(projection, timelineTable, facts)[0]).toMatchObject({ logOrder: 812, logMinor: 640 });
  });

  it('has no secret in its summaries', () => {
    const story = createStory();
    openCase(story, one);
    const bank = { keyId: 'key-1', cipher: 'c2VjcmV0', commitment: 'd'.repeat(64) };
    const common = { caseId, filingId: id('appeal'), location: place(), missing: [] };
    const arrived = registration('A-1', '2021-01-10T04:00:00.000Z');
    const values = { powerMw: decimal('7.90'), bank };
    story.tell('PlannedConstructionFiled', { ...common, registration: arrived, values, flags: [] });
    const correctionId = id('correction');
    story.tell('FilingCorrected', { ...common, correctionId, registration: arrived, values, changed: ['bank'] });
    const version = { versionId: id('v'), cause: 'filing', registration: arrived, location: place() } as const;
    story.tell('CaseAbsorbed', {
      caseId,
      fromCaseId: cast(2).caseId,
      filings: [
        {
          filingId: id('v'),
          kind: 'planned_construction',
          versions: [{ ...version, values: { kind: 'planned_construction', ...values } }],
        },
      ],
      commissionings: [],
    });
    const told = JSON.stringify(rowsAfter(projection, timelineTable, story.facts));
    for (const secret of Object.values(bank)) expect(told).not.toContain(secret);
    expect(told).toContain('"bankOnFile":true');
  });

  it('has one row a fact', () => {
    const story = createStory();
    tellLives(story, 4, 3, 9);
    const own = story.facts.filter(({ type }) => !type.startsWith('Operator'));
    expect(rowsAfter(projection, timelineTable, story.facts)).toHaveLength(own.length);
  });
});
