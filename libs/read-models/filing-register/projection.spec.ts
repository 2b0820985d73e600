import type { FilingCorrected } from '#libs/domain';
import { decimal } from '#libs/kernel';
import {
  cast,
  createStory,
  day,
  fileReference,
  id,
  openCase,
  place,
  registration,
  rowsAfter,
  type Story,
} from '../testing.js';
import { filingRegisterProjection } from './projection.js';
import { filingTable } from './row.js';

const one = cast(1);
const { caseId } = one;
const register = (story: Story) => rowsAfter(filingRegisterProjection(), filingTable, story.facts);
const bank = { keyId: 'key-1', cipher: 'Y2lwaGVy', commitment: 'd'.repeat(64) };

function appealed(): Story {
  const story = createStory();
  openCase(story, one);
  story.tell('PlannedConstructionFiled', {
    caseId,
    filingId: id('appeal'),
    registration: registration('A-1', '2021-01-10T19:30:00.000Z'),
    location: place(),
    values: { powerMw: decimal('7.90'), bank, designStartOn: day('2021-03-01') },
    missing: ['expansionMw', 'equipmentInvestmentKzt'],
    flags: ['duplicate'],
  });
  return story;
}

/** Corrects the appeal, from another place. */
const correct = (
  story: Story,
  name: string,
  receivedAt: string,
  said: Pick<FilingCorrected['data'], 'values' | 'changed' | 'missing' | 'stated' | 'reason'>,
) =>
  story.tell('FilingCorrected', {
    caseId,
    filingId: id('appeal'),
    correctionId: id(name),
    registration: registration(name, receivedAt),
    location: place('63', 'Oskemen'),
    ...said,
  });

describe('the filing register', () => {
  it('has every document with its four times and its values as filed', () => {
    expect(register(appealed())).toMatchObject([
      {
        caseId,
        filingId: id('appeal'),
        caseRef: one.ref,
        operatorBin: one.bin,
        kind: 'planned_construction',
        period: null,
        journalNo: 'A-1',
        channel: 'electronic',
        submittedAt: '2021-01-10T19:30:00.000Z',
        receivedAt: '2021-01-10T19:30:00.000Z',
        receivedOn: '2021-01-11',
        registeredOn: '2021-01-11',
        recordedAt: '2021-01-01T04:00:02.000Z',
        powerMw: '7.90',
        expansionMw: null,
        designStartOn: '2021-03-01',
        missing: ['expansionMw', 'equipmentInvestmentKzt'],
        flags: ['duplicate'],
        situation: 'standing',
        currentVersionId: id('appeal'),
        latestVersionId: id('appeal'),
      },
    ]);
  });

  it('says of bank details only that they are on file', () => {
    const [row] = register(appealed());
    expect(row).toMatchObject({ bankOnFile: true, versions: [{ bankOnFile: true }] });
    for (const secret of [...Object.values(bank), 'cipher', 'commitment'])
      expect(JSON.stringify(row)).not.toContain(secret);
  });

  it('keeps all versions; in force is the one received last, an If-Match names the one recorded last', () => {
    const story = appealed();
    const power = (powerMw: string) => ({
      values: { powerMw: decimal(powerMw) },
      changed: ['powerMw'],
      missing: ['bank'],
      reason: 'a slip',
    });
    correct(story, 'second', '2021-02-20T05:00:00.000Z', power('9'));
    correct(story, 'third', '2021-02-10T05:00:00.000Z', power('8'));
    const [row] = register(story);
    expect(row).toMatchObject({
      situation: 'corrected',
      currentVersionId: id('second'),
      latestVersionId: id('third'),
      powerMw: '9',
      region: '63',
      bankOnFile: false,
      missing: ['bank'],
      journalNo: 'A-1',
    });
    expect(row!.versions.map(({ versionId, values }) => [versionId, (values as { powerMw: string }).powerMw])).toEqual([
      [id('appeal'), '7.90'],
      [id('second'), '9'],
      [id('third'), '8'],
    ]);
    expect(row!.versions[1]).toMatchObject({ cause: 'correction', changed: ['powerMw'], reason: 'a slip' });
  });

  it('shows what is wanted until it is completed', () => {
    const story = appealed();
    const filingId = id('appeal');
    story.tell('FilingMarkedIncomplete', { caseId, filingId, missing: ['bank'], remark: 'unreadable' });
    story.tell('CompletionRequested', { caseId, filingId, missing: ['bank'], by: day('2021-02-01'), text: 'please' });
    expect(register(story)[0]).toMatchObject({
      missing: ['bank'],
      remark: 'unreadable',
      completionRequest: { missing: ['bank'], by: '2021-02-01', text: 'please' },
    });
    story.tell('FilingCompleted', {
      caseId,
      filingId,
      completionId: id('completion'),
      registration: registration('A-2', '2021-01-20T05:00:00.000Z'),
      location: place(),
      values: { powerMw: decimal('7.90'), bank },
      changed: ['bank'],
      missing: [],
    });
    expect(register(story)[0]).toMatchObject({ missing: [], completionRequest: null, bankOnFile: true });
  });

  it('still shows what was withdrawn, and what was annulled by two', () => {
    const withdrawn = appealed();
    const common = { caseId, filingId: id('appeal') };
    const paper = registration('W-1', '2021-02-02T05:00:00.000Z');
    withdrawn.tell('FilingWithdrawn', { ...common, withdrawalId: id('w'), registration: paper, reason: 'sold' });
    expect(register(withdrawn)[0]).toMatchObject({
      situation: 'withdrawn',
      powerMw: '7.90',
      takenBack: { how: 'withdrawn', receivedOn: '2021-02-02', reason: 'sold' },
    });
    const annulled = appealed();
    annulled.tell('FilingAnnulmentProposed', { ...common, proposedBy: 'a', reason: 'forged' });
    expect(register(annulled)[0]!.annulmentProposal).toEqual({ by: 'a', reason: 'forged' });
    const both = { proposedBy: 'a', confirmedBy: 'b', annulledOn: day('2021-02-03'), reason: 'forged' };
    annulled.tell('FilingAnnulled', { ...common, ...both });
    expect(register(annulled)[0]).toMatchObject({
      situation: 'annulled',
      annulmentProposal: null,
      takenBack: { how: 'annulled', receivedOn: '2021-02-03', proposedBy: 'a', confirmedBy: 'b' },
    });
  });

  it('lists attached documents', () => {
    const story = appealed();
    const scan = { sha256: 'e'.repeat(64), bytes: 5, mediaType: 'application/pdf', name: 'scan.pdf' };
    story.tell('DocumentAttached', { caseId, filingId: id('appeal'), ...scan });
    expect(register(story)[0]!.documents).toEqual([scan]);
  });

  it('names the operator who filed, also after the case passed to another', () => {
    const story = createStory();
    openCase(story, one);
    fileReference(story, one, '2021-Q1', '2021-04-05T05:00:00.000Z');
    const effectiveOn = day('2021-05-01');
    story.tell('CaseTransferred', { caseId, fromBin: one.bin, toBin: '970740000838', effectiveOn, reason: 'sold' });
    fileReference(story, one, '2021-Q2', '2021-07-05T05:00:00.000Z');
    expect(register(story).map(({ period, operatorBin }) => [period, operatorBin])).toEqual([
      ['2021-Q1', one.bin],
      ['2021-Q2', '970740000838'],
    ]);
  });

  it('shows with each version what stands with it, also when an earlier one is recorded later', () => {
    const story = appealed();
    const said = (name: string, receivedAt: string, values: object, stated: readonly string[]) =>
      correct(story, name, receivedAt, {
        values: { powerMw: decimal('7.90'), bank, designStartOn: day('2021-03-01'), ...values },
        stated,
        changed: stated,
        missing: [],
      });
    said('late', '2021-02-20T05:00:00.000Z', { expansionMw: decimal('2') }, ['expansionMw']);
    said('early', '2021-02-10T05:00:00.000Z', { powerMw: decimal('8'), bank: undefined }, [
      'powerMw',
      'bank',
      'location',
    ]);
    const [row] = register(story);
    expect(row).toMatchObject({
      currentVersionId: id('late'),
      latestVersionId: id('early'),
      powerMw: '8',
      expansionMw: '2',
      bankOnFile: false,
      region: '63',
    });
    expect(JSON.stringify(row)).not.toContain(bank.cipher);
  });

  it('carries the filings of a merged case to the case that stays, and leaves them where they were', () => {
    const story = createStory();
    const other = cast(2);
    openCase(story, one);
    openCase(story, other);
    const filingId = fileReference(story, other, '2021-Q1', '2021-04-05T05:00:00.000Z', { powerMw: '4' });
    story.tell('CaseMerged', { caseId: other.caseId, intoCaseId: caseId, reason: 'twice' });
    const version = {
      versionId: filingId,
      cause: 'filing',
      registration: registration('X-1', '2021-04-05T05:00:00.000Z'),
      location: place(),
      values: { kind: 'quarterly_reference', period: '2021-Q1' as never, powerMw: decimal('4') },
    } as const;
    story.tell('CaseAbsorbed', {
      caseId,
      fromCaseId: other.caseId,
      filings: [{ filingId, kind: 'quarterly_reference', versions: [version] }],
      commissionings: [],
    });
    const rows = register(story);
    expect(rows.find((row) => row.caseId === other.caseId)).toMatchObject({ carriedTo: caseId, absorbedFrom: null });
    expect(rows.find((row) => row.caseId === caseId)).toMatchObject({
      filingId,
      carriedTo: null,
      absorbedFrom: other.caseId,
      powerMw: '4',
      missing: ['equipmentInvestmentKzt', 'investmentPotentialKzt', 'jobs'],
    });
  });
});
