import { cast, createStory, day, openCase, rowsAfter } from '../testing.js';
import { operatorRegisterProjection } from './projection.js';
import { operatorCaseTable, operatorTable } from './row.js';

const sealed = { keyId: 'key-1', cipher: 'c2VjcmV0', commitment: 'd'.repeat(64) };
const bin = '940140000385';

describe('the operator register', () => {
  it('knows of contacts only whether there are any', () => {
    const story = createStory();
    story.tell('OperatorRegistered', { bin, name: 'ТОО «Қуат»', language: 'kk', contacts: null });
    expect(rowsAfter(operatorRegisterProjection(), operatorTable, story.facts)).toEqual([
      {
        bin,
        name: 'ТОО «Қуат»',
        language: 'kk',
        hasContacts: false,
        registeredAt: '2021-01-01T04:00:01.000Z',
        changedAt: '2021-01-01T04:00:01.000Z',
      },
    ]);
    story.tell('OperatorChanged', { bin, name: 'ТОО «Қуат Плюс»', language: 'ru', contacts: sealed });
    const [row] = rowsAfter(operatorRegisterProjection(), operatorTable, story.facts);
    expect(row).toMatchObject({ name: 'ТОО «Қуат Плюс»', hasContacts: true, registeredAt: '2021-01-01T04:00:01.000Z' });
    expect(JSON.stringify(row)).not.toContain('c2VjcmV0');
  });

  it('knows who holds a case now; a merged one nobody does', () => {
    const story = createStory();
    openCase(story, cast(1));
    openCase(story, cast(2));
    const effectiveOn = day('2021-02-01');
    const passed = { caseId: cast(1).caseId, fromBin: cast(1).bin, toBin: bin, effectiveOn, reason: 'sold' };
    story.tell('CaseTransferred', passed);
    story.tell('CaseMerged', { caseId: cast(2).caseId, intoCaseId: cast(1).caseId, reason: 'twice' });
    expect(rowsAfter(operatorRegisterProjection(), operatorCaseTable, story.facts)).toEqual([
      { caseId: cast(1).caseId, operatorBin: bin },
      { caseId: cast(2).caseId, operatorBin: null },
    ]);
  });
});
