interface GaugeShape {
  readonly help: string;
  readonly labels?: readonly string[];
}

/**
 * What is read from the tables when somebody looks, not counted as it happens: every process of a deployment answers the
 * same, so take the `max` over them. Times are by the house's clock.
 */
export const gaugeTable = {
  qadaga_projection_lag_facts: {
    help: 'Facts in the log that a read model has not folded yet',
    labels: ['read_model'],
  },
  qadaga_projection_lag_seconds: { help: 'Age of the oldest fact that some read model has not folded yet' },
  qadaga_projector_active: { help: '1 while some process folds facts into read models' },
  qadaga_stood_down: {
    help: '1 while this process leaves a role to a newer release, because it met what it does not know',
    labels: ['role', 'unknown'],
  },
  qadaga_policy_lag_facts: { help: 'Facts in the log that the policies have not looked at yet' },
  qadaga_parked_cases: { help: 'Cases (or streams) set aside because a fact failed', labels: ['where'] },
  qadaga_outbox_age_seconds: { help: 'Age of the oldest notice or alert not sent', labels: ['kind'] },
  qadaga_unsent_alerts: { help: 'Alerts that some audience was not sent' },
  qadaga_undelivered_notices: { help: 'Notices of rule 6 not sent yet', labels: ['situation'] },
  qadaga_overdue_notices: { help: 'Notices of rule 6 not sent though their term has ended' },
  qadaga_legal_deadline_hours: {
    help: 'Hours to the nearest legal deadline ahead: of an operator’s duty not met, of a notice not sent',
    labels: ['of'],
  },
  qadaga_legal_deadlines_within_day: {
    help: 'Duties not met, notices not sent, whose term ends within 24 h',
    labels: ['of'],
  },
  qadaga_queue_jobs: { help: 'Jobs in the queues', labels: ['queue', 'state'] },
  qadaga_sweep_age_seconds: { help: 'Time since the last deadline sweep began' },
  qadaga_sweep_interval_seconds: { help: 'How often the deadline sweep is meant to run' },
  qadaga_sweep_duration_seconds: { help: 'How long the last deadline sweep took' },
  qadaga_sweep_stuck_rows: { help: 'Rows the last sweep could do nothing about' },
  qadaga_clock_skew_seconds: { help: 'How far our clock is ahead of the database’s' },
} as const satisfies Readonly<Record<string, GaugeShape>>;

export type GaugeName = keyof typeof gaugeTable;

/** One value; a gauge without a reading is left out of the answer, which is what there is nothing to say looks like. */
export interface GaugeReading {
  readonly name: GaugeName;
  readonly value: number;
  readonly labels?: { readonly [label: string]: string };
}
