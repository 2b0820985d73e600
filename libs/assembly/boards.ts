import type pg from 'pg';
import type { Instant, Uuid } from '#libs/kernel';
import type { DueBoards } from '#libs/engine';
import type { ReadModels } from '#libs/read-models';

/** How long the sweep waits for the read models to show what it did. */
const patienceMs = 30_000;

/** The boards the deadline engine looks at, out of the read models. */
export function dueBoards(readModels: ReadModels, pool: pg.Pool): DueBoards {
  const { due } = readModels;
  return {
    dueCases: async (now, limit) =>
      (await due.cases(now, limit)).map(({ caseId, nextStepAt }) => ({ caseId, nextStepAt: nextStepAt! })),
    dueObligations: async (now, limit) =>
      (await due.obligations(now, limit)).map(({ caseId, obligationId, nextStepAt }) => ({
        caseId,
        obligationId,
        nextStepAt: nextStepAt!,
      })),
    dueNotices: async (now, limit) =>
      (await due.notices(now, limit)).map(({ caseId, noticeId, nextStepAt }) => ({
        caseId,
        noticeId,
        nextStepAt: nextStepAt!,
      })),
    unsentNotices: async ({ after, limit }) => {
      const { rows } = await pool.query<{ notice_id: Uuid }>(
        `select notice_id from read.notice
          where situation in ('issued', 'queued', 'failed') and sent_at is null
            and ($1::uuid is null or notice_id > $1) order by notice_id limit $2`,
        [after ?? null, limit],
      );
      return rows.map((row) => ({ noticeId: row.notice_id }));
    },
    unsentAlerts: async ({ after, limit }) => {
      const { rows } = await pool.query<{ case_id: Uuid; alert_id: Uuid }>(
        `select case_id, alert_id from read.alert
          where situation in ('raised', 'failed') and ($1::uuid is null or alert_id > $1) order by alert_id limit $2`,
        [after ?? null, limit],
      );
      return rows.map((row) => ({ caseId: row.case_id, alertId: row.alert_id }));
    },
    nearestDeadline: async (now) => {
      const { rows } = await pool.query<{ at: Date | null }>(
        `select least(
           (select min(ends_at) from read.obligation where status = 'open' and ends_at > $1),
           (select min(ends_at) from read.notice
             where situation in ('issued', 'queued', 'failed') and sent_at is null and ends_at > $1)) as at`,
        [now],
      );
      const at = rows[0]?.at;
      return at ? (at.toISOString() as Instant) : undefined;
    },
    waitFor: async (position) => {
      if (!(await readModels.waitFor(position, patienceMs)))
        throw new Error('the read models are behind; the sweep goes on when they have caught up');
    },
  };
}
