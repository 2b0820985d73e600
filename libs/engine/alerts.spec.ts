import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Uuid } from '#libs/kernel';
import type { EventStore } from '#libs/event-store';
import { eventually } from '../jobs/test-support/arrivals.js';
import { RecipientsRefusedError, type Mail } from './outbox.js';
import { fileReference, registerOperator } from './test-support/test-house.js';
import type { TestProcess } from './test-support/test-process.js';
import { alertsOf, eachInItsOwnWorld, q, sendingsOf } from './test-support/test-world.js';

const world = eachInItsOwnWorld();

describe('an alert', () => {
  async function reminded(one: TestProcess, at = '2021-04-13T06:00:00Z'): Promise<Uuid> {
    const { caseId } = await fileReference(one, q('2020-Q4'));
    world.clock.set(at);
    await one.sweep();
    return caseId;
  }
  const untilSent = (store: EventStore, caseId: Uuid) =>
    eventually(async () => {
      const all = await sendingsOf(store, caseId);
      return all.length > 0 && all;
    });

  it('goes to the operator as one private mail file in its language', async () => {
    const one = world.open();
    await registerOperator(one, { emails: ['filings@example.kz'] }, 'ru');
    const caseId = await reminded(one);
    await one.engine.startJobs();
    expect(await untilSent(one.store, caseId)).toMatchObject([{ type: 'AlertSent', channel: 'mail' }]);
    const folder = path.join(world.outbox, 'mail');
    const files = readdirSync(folder);
    const [alert] = await alertsOf(one.store, caseId);
    expect(files).toEqual([`${alert!.alertId}.eml`]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(folder, files[0]!)).mode & 0o777).toBe(0o600);
    const mail = readFileSync(path.join(folder, files[0]!), 'utf8');
    expect(mail).toContain('To: filings@example.kz');
    expect(mail).toContain(`Message-ID: <${alert!.alertId}@qadaga>`);
    const body = mail.slice(mail.indexOf('\r\n\r\n') + 4);
    const text = /base64/.test(mail)
      ? Buffer.from(body, 'base64').toString()
      : Buffer.from(
          body
            .replace(/=\r\n/g, '')
            .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
          'latin1',
        ).toString();
    expect(text).toContain('Последний день срока: 2021-04-12');
    expect(text).toContain('Дней просрочки: 1');
    expect(text).not.toContain('940140000385');
  });

  it.each([
    ['2021-04-07', '2021-04-08', /: осталось 4 дня \(/, 'Осталось дней: 4'],
    ['2021-04-11', '2021-04-12', /: сегодня последний день \(/, 'Сегодня последний день срока.'],
    ['2021-04-11', '2021-04-13', /истёк 1 день назад \(/, 'Дней просрочки: 1'],
    ['2021-05-12', '2021-07-06', /истёк 85 дней назад \(/, 'Дней просрочки: 85'],
  ])('raised on %s and sent on %s has a subject that agrees with its text', async (raisedOn, sentOn, subject, line) => {
    const mails: Mail[] = [];
    const put = async (mail: Mail) => void mails.push(mail);
    const one = world.open({ mail: { put } });
    await registerOperator(one, { emails: ['filings@example.kz'] }, 'ru');
    await reminded(one, `${raisedOn}T06:00:00Z`);
    world.clock.set(`${sentOn}T06:00:00Z`);
    await one.engine.startJobs();
    const [mail] = await eventually(async () => mails.length > 0 && mails);
    expect(mail!.subject).toMatch(subject);
    expect(mail!.text.split('\n')).toContain(line);
    expect(mail!.text).toMatch(/^Правовое основание: .*384\/НҚ.*, пункт 4$/m);
  });

  it('says once why it cannot be mailed, and tells the others meanwhile', async () => {
    let tries = 0;
    const put = async () => {
      tries++;
      throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
    };
    const one = world.open({ mail: { put } });
    await registerOperator(one, { emails: ['filings@example.kz'] });
    const caseId = await reminded(one, '2021-05-20T06:00:00Z');
    await one.engine.startJobs();
    const [alert] = await alertsOf(one.store, caseId);
    expect(alert!.audience).toEqual(['operator', 'senior-officer']);
    await eventually(async () => {
      await one.queue.retry('send-alert', `alert-${alert!.alertId}`);
      return tries >= 3;
    });
    expect(await sendingsOf(one.store, caseId)).toEqual([
      expect.objectContaining({ type: 'AlertFailed', audience: 'operator' }),
      expect.objectContaining({ type: 'AlertSent', channel: 'register', audience: 'senior-officer' }),
    ]);
  });

  it('goes to the letter list when the mail server knows none of the addresses', async () => {
    const put = async () => {
      throw new RecipientsRefusedError('none');
    };
    const one = world.open({ mail: { put } });
    await registerOperator(one, { emails: ['filings@example.kz'] });
    const caseId = await reminded(one, '2021-05-20T06:00:00Z');
    await one.engine.startJobs();
    await eventually(async () => (await sendingsOf(one.store, caseId)).length === 3);
    expect(await sendingsOf(one.store, caseId)).toMatchObject([
      { type: 'AlertFailed', audience: 'operator' },
      { type: 'AlertSent', audience: 'operator', channel: 'letter-list' },
      { type: 'AlertSent', audience: 'senior-officer', channel: 'register' },
    ]);
  });

  it('goes to the letter list without a mail address', async () => {
    const one = world.open();
    await registerOperator(one, null);
    const caseId = await reminded(one);
    await one.engine.startJobs();
    expect(await untilSent(one.store, caseId)).toMatchObject([
      { type: 'AlertSent', channel: 'letter-list', audience: 'operator' },
    ]);
  });

  it('is cancelled when the duty was kept before it was sent', async () => {
    const one = world.open();
    await registerOperator(one, { emails: ['filings@example.kz'] });
    const caseId = await reminded(one);
    await fileReference(one, q('2021-Q1'), { caseId });
    await one.engine.startJobs();
    expect(await untilSent(one.store, caseId)).toMatchObject([{ type: 'AlertCancelled' }]);
    expect(readdirSync(world.outbox)).toEqual([]);
  });
});
