import { startTestApi, ownBin, otherBin, type TestApi } from './testing/testing-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
}, 60_000);
afterAll(() => api.close());

const operator = { bin: ownBin, name: '«Қадаға Дата» ЖШС', language: 'kk', contacts: { emails: ['office@qadaga.kz'] } };
const place = { region: '55', address: 'Екібастұз қ., Энергетиктер көшесі, 12' };
const iban = 'KZ86125KZT5004100100';

describe('a filing, from the registration of its operator to the acknowledgement of its notice', () => {
  let caseId: string;
  let filingId: string;
  let quarterly: string;
  let etag: string;
  let position: string;
  const after = () => ({ 'qadaga-position': position });

  it('begins with an operator that registers itself', async () => {
    const done = await api.ask('POST', '/api/v1/operators', { body: operator });
    expect(done).toMatchObject({ status: 201, body: { bin: ownBin } });
    expect(done.headers['location']).toBe(`/api/v1/operators/${ownBin}`);
    const seen = await api.ask('GET', `/api/v1/operators/${ownBin}`);
    expect(seen).toMatchObject({ status: 200, body: { bin: ownBin, name: operator.name, hasContacts: true } });
    const changed = await api.ask('PUT', `/api/v1/operators/${ownBin}`, {
      body: { name: 'Qadaga Data', language: 'en' },
    });
    position = String(changed.headers['qadaga-position']);
    const list = await api.ask('GET', '/api/v1/operators?search=qadaga', { as: 'auditor', headers: after() });
    expect(list.body.items).toMatchObject([{ bin: ownBin, name: 'Qadaga Data', hasContacts: false }]);
  });

  it('goes on with an appeal that opens the case of its centre', async () => {
    const body = {
      newCase: { operatorBin: ownBin, caseRef: 'DC-1', ...place },
      powerMw: '7.90',
      equipmentInvestmentKzt: '125000000',
      bankIban: iban,
      bankBic: 'HSBKKZKX',
      designStartOn: '2021-06-01',
    };
    const done = await api.ask('POST', '/api/v1/planned-constructions', { body });
    expect(done).toMatchObject({
      status: 201,
      body: {
        kind: 'planned_construction',
        caseRef: 'DC-1',
        missing: ['expansionMw'],
        flags: [],
        receivedOn: '2021-04-05',
      },
    });
    ({ caseId, filingId } = done.body);
    expect(done.headers['etag']).toBe(`"${filingId}"`);
    position = String(done.headers['qadaga-position']);
    const seen = await api.ask('GET', `/api/v1/filings/${filingId}`, { headers: after() });
    expect(seen).toMatchObject({ status: 200, body: { powerMw: '7.90', bankOnFile: true, missing: ['expansionMw'] } });
    expect(seen.headers['etag']).toBe(`"${filingId}"`);
    for (const text of [done.raw, seen.raw]) expect(text.toString()).not.toContain(iban);
  });

  it('gives a receipt that proves itself, with the salt for its owner alone', async () => {
    const own = await api.ask('GET', `/api/v1/filings/${filingId}/receipt`);
    expect(own.body).toMatchObject({
      act: 'filing',
      number: 'QJ-2021-000001',
      received: { official: { zone: 'Asia/Almaty', date: '2021-04-05', time: '11:00' }, local: null },
      obligation: { status: 'met', dueOn: '2021-05-02', daysLate: 0 },
      bank: { salt: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const other = await api.ask('GET', `/api/v1/filings/${filingId}/receipt`, { as: 'case-officer' });
    expect(other.body).toMatchObject({ bank: { salt: null }, contentHash: own.body.contentHash });
  });

  it('takes the quarterly reference of the centre by its reference, and in paper from the registrar', async () => {
    const body = {
      caseRef: 'DC-1',
      period: '2021-Q1',
      powerMw: '6',
      equipmentInvestmentKzt: '1',
      investmentPotentialKzt: '2',
      jobs: 12,
    };
    const done = await api.ask('POST', '/api/v1/quarterly-references', { body });
    expect(done).toMatchObject({ status: 201, body: { caseId, missing: [], flags: [] } });
    quarterly = done.body.filingId;
    etag = String(done.headers['etag']);
    const twin = await api.ask('POST', '/api/v1/quarterly-references', {
      as: 'registrar',
      body: { ...body, channel: 'paper', receivedOn: '2021-04-02', journalNo: 'IN-7' },
    });
    expect(twin).toMatchObject({
      status: 201,
      body: { journalNo: 'IN-7', flags: ['duplicate'], receivedOn: '2021-04-02' },
    });
    const used = await api.ask('POST', '/api/v1/quarterly-references', {
      as: 'registrar',
      body: { ...body, period: '2020-Q4', channel: 'paper', receivedOn: '2021-04-02', journalNo: 'IN-7' },
    });
    expect(used).toMatchObject({ status: 409, body: { type: 'urn:qadaga:problem:journal-no-used' } });
    position = String(twin.headers['qadaga-position']);
    const receipt = await api.ask('GET', `/api/v1/filings/${twin.body.filingId}/receipt`, { headers: after() });
    expect(receipt.body.received).toMatchObject({ official: { date: '2021-04-02', time: null }, local: null });
    const withdrawn = await api.ask('POST', `/api/v1/filings/${twin.body.filingId}/withdrawal`, {
      body: { reason: 'twice' },
    });
    expect(withdrawn).toMatchObject({ status: 201, body: { filingId: twin.body.filingId } });
    const paper = await api.ask('GET', withdrawn.body.receipt);
    expect(paper.body).toMatchObject({ act: 'withdrawal' });
  });

  it('corrects it against the version that was read, once', async () => {
    const url = `/api/v1/filings/${quarterly}/corrections`;
    const body = { powerMw: '5.5', reason: 'typing' };
    const done = await api.ask('POST', url, { body, headers: { 'if-match': etag } });
    expect(done).toMatchObject({ status: 201, body: { filingId: quarterly } });
    expect(done.headers['etag']).toBe(`"${done.body.versionId}"`);
    const stale = await api.ask('POST', url, { body: { ...body, powerMw: '5.6' }, headers: { 'if-match': etag } });
    expect(stale).toMatchObject({ status: 412, body: { type: 'urn:qadaga:problem:filing-changed' } });
    position = String(done.headers['qadaga-position']);
    const seen = await api.ask('GET', `/api/v1/filings/${quarterly}`, { headers: after() });
    expect(seen.body).toMatchObject({ powerMw: '5.5', jobs: 12, missing: [], situation: 'corrected' });
    expect(seen.body.versions).toHaveLength(2);
    const otherKind = await api.ask('POST', url, { body: { activityEndedOn: '2021-04-01' } });
    expect(otherKind).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/activityEndedOn', code: 'unknown-field' }] },
    });
  });

  it('no longer declares what is null, and takes a repeated account for no change', async () => {
    const url = `/api/v1/filings/${filingId}/corrections`;
    const cleared = await api.ask('POST', url, { body: { bankIban: null, bankBic: null, designStartOn: null } });
    expect(cleared).toMatchObject({ status: 201, body: { missing: ['expansionMw', 'bank'] } });
    const account = { bankIban: iban, bankBic: 'HSBKKZKX' };
    expect(await api.ask('POST', url, { body: { ...account, bankBic: null } })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/bankBic' }] },
    });
    await api.ask('POST', url, { body: { ...account, designStartOn: '2021-06-01' } });
    const repeated = await api.ask('POST', url, { body: { ...account, powerMw: '7.9', equipmentInvestmentKzt: '5' } });
    position = String(repeated.headers['qadaga-position']);
    const seen = await api.ask('GET', `/api/v1/filings/${filingId}`, { headers: after() });
    expect(seen.body.versions.map(({ changed = [] }: { changed?: string[] }) => changed)).toEqual([
      [],
      ['bank', 'designStartOn'],
      ['bank', 'designStartOn'],
      ['equipmentInvestmentKzt'],
    ]);
  });

  it('is on the board with its deadline explained', async () => {
    const board = await api.ask('GET', `/api/v1/obligations?kind=quarterly_reference&period=2021-Q1&sort=-due`);
    expect(board.body.items).toMatchObject([
      { caseId, status: 'met', dueOn: '2021-04-12', nominalDueOn: '2021-04-10' },
    ]);
    const [{ obligationId }] = board.body.items;
    const { body } = await api.ask('GET', `/api/v1/obligations/${obligationId}/deadline`);
    expect(body.words.join(' ')).toContain('Saturday 10 April 2021');
    expect(body.trace).toMatchObject({ clause: '4' });
    const all = await api.ask('GET', `/api/v1/cases/${caseId}/obligations`, { as: 'auditor' });
    expect(all.body.items.map(({ kind }: { kind: string }) => kind).sort()).toEqual([
      'planned_construction',
      'quarterly_reference',
    ]);
  });

  it('reaches the energy body, which is told three things and acknowledges', async () => {
    await api.settle();
    const inbox = await api.ask('GET', '/api/v1/inbox/notices?limit=2', { as: 'energy-body' });
    expect(inbox.body).toMatchObject({ more: true });
    expect(inbox.body.items[0]).toMatchObject({
      situation: 'delivered',
      document: { stage: 'planned', contents: { location: place, powerMw: '7.90', expansionMw: 'not stated' } },
    });
    expect(inbox.raw.toString()).not.toMatch(/940140000385|QJ-|IN-7|DC-1|HSBK|Qadaga Data/);
    const rest = await api.ask('GET', `/api/v1/inbox/notices?cursor=${inbox.body.next}`, { as: 'energy-body' });
    expect(rest.body.items.map(({ document }: { document: { noticeId: string } }) => document.noticeId)).not.toContain(
      inbox.body.items[0].document.noticeId,
    );
    const { noticeId } = inbox.body.items[0].document;
    const done = await api.ask('POST', `/api/v1/notices/${noticeId}/acknowledgement`, {
      as: 'energy-body',
      body: { theirNumber: '12-3/481', theirDate: '2021-04-05' },
    });
    expect(done).toMatchObject({ status: 200, body: { noticeId } });
    position = String(done.headers['qadaga-position']);
    const notice = await api.ask('GET', `/api/v1/notices/${noticeId}`, { as: 'case-officer', headers: after() });
    expect(notice.body).toMatchObject({ situation: 'acknowledged', theirNumber: '12-3/481', channel: 'inbox' });
    const again = await api.ask('GET', '/api/v1/inbox/notices?limit=1', { as: 'energy-body' });
    expect(again.body.items[0]).toMatchObject({ situation: 'acknowledged' });
  });

  it('raises an alert for the quarter nobody filed', async () => {
    api.clock.set('2021-07-15T05:00:00Z');
    await api.sweep();
    await api.settle();
    const overdue = await api.ask('GET', '/api/v1/obligations?status=overdue');
    expect(overdue.body.items).toMatchObject([{ period: '2021-Q2', dueOn: '2021-07-12', recordedStatus: 'missed' }]);
    const alerts = await api.ask('GET', '/api/v1/alerts', { as: 'senior-officer' });
    expect(alerts.body.items.map(({ step }: { step: string }) => step)).toContain('overdue');
    expect((await api.ask('GET', '/api/v1/alerts')).body.items.length).toBeGreaterThan(0);
    const [{ obligationId }] = overdue.body.items;
    const excused = await api.ask('POST', `/api/v1/obligations/${obligationId}/excuse`, {
      as: 'senior-officer',
      body: { orderNo: '45/НҚ', reason: 'Flood' },
    });
    position = String(excused.headers['qadaga-position']);
    const seen = await api.ask('GET', `/api/v1/obligations/${obligationId}`, { headers: after() });
    expect(seen.body).toMatchObject({ status: 'excused', excusedByOrder: '45/НҚ' });
  });

  it('lets officers work on the case, and the operator see the legal part of its history', async () => {
    const url = `/api/v1/cases/${caseId}`;
    const as = 'case-officer';
    const { items: officers } = (await api.ask('GET', '/api/v1/officers', { as })).body;
    const assignee = officers.find(({ role }: { role: string }) => role === as).accountId;
    expect(
      await api.ask('POST', `${url}/assignment`, { as, body: { assignee: '00000000-0000-4000-8000-000000000000' } }),
    ).toMatchObject({ status: 422, body: { errors: [{ pointer: '/assignee', code: 'unknown' }] } });
    for (const [path, body] of [
      ['commissioning', { commissionedOn: '2021-03-01', expansionMw: '3' }],
      ['assignment', { assignee }],
      ['notes', { text: 'Telephoned.' }],
      ['location', { to: { region: '55', address: 'Павлодар' }, effectiveOn: '2021-07-01', reason: 'moved' }],
    ] as const)
      expect([path, (await api.ask('POST', `${url}/${path}`, { as, body })).status]).toEqual([
        path,
        path === 'commissioning' || path === 'notes' ? 201 : 200,
      ]);
    await api.settle();
    const seen = await api.ask('GET', url, { as });
    expect(seen.body).toMatchObject({ assignee, stage: 'existing', address: 'Павлодар' });
    expect((await api.ask('GET', url)).body).not.toHaveProperty('assignee');
    const types = async (who: 'operator' | 'auditor') =>
      (await api.ask('GET', `${url}/timeline?limit=200`, { as: who })).body.items.map(
        ({ type }: { type: string }) => type,
      );
    expect(await types('auditor')).toEqual(expect.arrayContaining(['NoteAdded', 'CaseAssigned', 'NoticeAcknowledged']));
    const legal = await types('operator');
    expect(legal).toEqual(expect.arrayContaining(['CaseOpened', 'FilingCorrected', 'ObligationExcused']));
    for (const inner of ['NoteAdded', 'CaseAssigned', 'NoticeIssued']) expect(legal).not.toContain(inner);
  });

  it('shows bank details to few, after the look is on record', async () => {
    const url = `/api/v1/filings/${filingId}/bank-details/look`;
    const body = { reason: 'Inquiry 14' };
    expect(await api.ask('POST', url, { as: 'case-officer', body })).toMatchObject({ status: 403 });
    const done = await api.ask('POST', url, { as: 'senior-officer', body });
    expect(done).toMatchObject({ status: 200, body: { bankIban: iban, bankBic: 'HSBKKZKX' } });
    await api.settle();
    const { body: history } = await api.ask('GET', `/api/v1/cases/${caseId}/timeline?limit=200`, { as: 'auditor' });
    expect(history.items).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'SecretShown' })]));
  });

  it('marks what is incomplete, asks for it and takes it', async () => {
    const url = `/api/v1/filings/${filingId}`;
    const as = 'case-officer';
    const marked = await api.ask('POST', `${url}/incomplete-mark`, {
      as,
      body: { missing: ['expansionMw'], remark: 'not given' },
    });
    expect(marked.status).toBe(200);
    const asked = await api.ask('POST', `${url}/completion-request`, {
      as,
      body: { by: '2021-08-01', text: 'Please' },
    });
    expect(asked.status).toBe(200);
    const done = await api.ask('POST', `${url}/completion`, { body: { expansionMw: '4.5' } });
    expect(done).toMatchObject({ status: 201, body: { missing: [] } });
    position = String(done.headers['qadaga-position']);
    const seen = await api.ask('GET', url, { headers: after() });
    expect(seen.body).toMatchObject({ expansionMw: '4.5', powerMw: '7.9', missing: [], remark: 'not given' });
  });

  it('is annulled by two', async () => {
    const url = `/api/v1/filings/${quarterly}`;
    expect(await api.ask('POST', `${url}/annulment`, { as: 'senior-officer' })).toMatchObject({ status: 409 });
    await api.ask('POST', `${url}/annulment-proposal`, { as: 'senior-officer', body: { reason: 'forged' } });
    expect(await api.ask('POST', `${url}/annulment`, { as: 'senior-officer' })).toMatchObject({
      status: 403,
      body: { type: 'urn:qadaga:problem:annulment-needs-two' },
    });
    expect(await api.ask('POST', `${url}/annulment`, { as: 'second-senior' })).toMatchObject({ status: 200 });
    await api.settle();
    // Which officers did it the authority knows; the operator that, when and why.
    const told = async (as: 'auditor' | 'operator') => {
      const { items } = (await api.ask('GET', `/api/v1/cases/${caseId}/timeline?limit=200`, { as })).body;
      const { summary } = items.find(({ type }: { type: string }) => type === 'FilingAnnulled');
      return [(await api.ask('GET', url, { as })).body.takenBack, summary];
    };
    const officers = { proposedBy: expect.any(String), confirmedBy: expect.any(String) };
    for (const one of await told('auditor')) expect(one).toMatchObject({ reason: 'forged', ...officers });
    for (const one of await told('operator')) {
      expect(one).toMatchObject({ reason: 'forged' });
      for (const name of Object.keys(officers)) expect(one).not.toHaveProperty(name);
    }
  });

  it('follows orders and a corrected calendar', async () => {
    const as = 'senior-officer';
    const body = {
      orderNo: '46/НҚ',
      scope: { kind: 'quarterly_reference', periods: ['2021-Q1'] },
      dueOn: '2021-07-20',
      reason: 'Quarantine',
    };
    const dry = await api.ask('POST', '/api/v1/orders/term-extensions?dryRun=true', { as, body });
    expect(dry).toMatchObject({
      status: 200,
      body: {
        dryRun: true,
        orderId: null,
        effects: [{ caseId, from: '2021-04-12', to: '2021-07-20' }],
        more: false,
      },
    });
    expect((await api.ask('GET', '/api/v1/orders')).body.extensions).toEqual([]);
    const key = 'extension-46';
    const done = await api.ask('POST', '/api/v1/orders/term-extensions', { as, body, key });
    expect([done.status, done.body]).toEqual([201, { dryRun: false, orderId: expect.any(String) }]);
    await api.settle();
    const moved = await api.ask('GET', '/api/v1/obligations?kind=quarterly_reference&period=2021-Q1');
    expect(moved.body.items).toMatchObject([{ caseId, dueOn: '2021-07-20' }]);
    const again = await api.ask('POST', '/api/v1/orders/term-extensions', { as, body, key });
    expect([again.status, again.body]).toEqual([done.status, done.body]);
    const outage = { from: '2021-07-12T10:00:00+06:00', to: '2021-07-12T18:00:00+06:00', reason: 'down' };
    expect(await api.ask('POST', '/api/v1/orders/outages', { as, body: outage })).toMatchObject({ status: 201 });
    const orders = await api.ask('GET', '/api/v1/orders');
    expect(orders.body).toMatchObject({ extensions: [{ orderNo: '46/НҚ' }], outages: [{ reason: 'down' }] });
    const { calendarId } = (await api.ask('GET', '/api/v1/rule-sets/kz-384-open')).body;
    const correction = {
      version: 'test-2',
      changes: [{ date: '2021-10-11', kind: 'holiday', name: 'Мереке' }],
      reason: 'Decree',
    };
    expect(
      await api.ask('POST', `/api/v1/calendars/${calendarId}/corrections`, { as, body: correction }),
    ).toMatchObject({ status: 201 });
    const calendar = await api.ask('GET', `/api/v1/calendars/${calendarId}`);
    expect(calendar.body).toMatchObject({ version: 'test-2' });
    expect(calendar.body.days).toContainEqual({ date: '2021-10-11', kind: 'holiday', name: 'Мереке', computed: false });
    await api.settle();
  });

  it('ends for the legal entity as a whole, and the case passes to another', async () => {
    await api.ask('POST', '/api/v1/operators', {
      as: 'other-operator',
      body: { bin: otherBin, name: 'Other', language: 'ru' },
    });
    const second = await api.ask('POST', '/api/v1/cases', {
      as: 'case-officer',
      body: { operatorBin: ownBin, ...place },
    });
    expect(second).toMatchObject({ status: 201, body: { caseRef: 'QC-2021-000001' } });
    const merged = await api.ask('POST', `/api/v1/cases/${second.body.caseId}/merge`, {
      as: 'case-officer',
      body: { intoCaseId: caseId, reason: 'twice' },
    });
    expect(merged).toMatchObject({ status: 200, body: { intoCaseId: caseId } });
    await api.settle();
    const ended = await api.ask('POST', `/api/v1/operators/${ownBin}/termination`, {
      body: { activityEndedOn: '2021-07-10' },
    });
    expect(ended).toMatchObject({ status: 201, body: { centres: [{ caseId }] } });
    const transferred = await api.ask('POST', `/api/v1/cases/${caseId}/transfer`, {
      as: 'case-officer',
      body: { toBin: otherBin, effectiveOn: '2021-07-15', reason: 'sold' },
    });
    expect(transferred.status).toBe(200);
    expect(await api.ask('GET', `/api/v1/cases/${caseId}`)).toMatchObject({ status: 404 });
    await api.settle();
    expect(await api.ask('GET', `/api/v1/cases/${caseId}`, { as: 'other-operator' })).toMatchObject({ status: 200 });
  });

  it('is nothing to those it is not for', async () => {
    expect((await api.ask('GET', `/api/v1/cases/${caseId}`)).status).toBe(404);
    const list = await api.ask('GET', '/api/v1/cases', { as: 'operator' });
    expect(list.body.items.map((one: { caseId: string }) => one.caseId)).not.toContain(caseId);
    expect((await api.ask('GET', `/api/v1/cases?operatorBin=${otherBin}`)).body.items).toEqual([]);
  });

  it('leaves the system well', async () => {
    const { status, body } = await api.ask('GET', '/api/v1/system', { as: 'administrator' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ parked: 0, projectorActive: true });
    expect(body.registers.every(({ behind }: { behind: number }) => behind === 0)).toBe(true);
    expect(await api.ask('GET', '/health/ready', { as: 'nobody' })).toMatchObject({
      status: 200,
      body: { status: 'ok' },
    });
    expect(await api.ask('GET', '/api/v1/regions?on=2022-06-07')).toMatchObject({ status: 200 });
    expect(await api.ask('GET', '/api/v1/rule-sets')).toMatchObject({ status: 200 });
  });
});
