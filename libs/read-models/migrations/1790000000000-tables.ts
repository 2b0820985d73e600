import type { MigrationInterface, QueryRunner } from 'typeorm';

const header = (key: string) => `
  case_id uuid not null ${key},
  case_ref text not null,
  operator_bin text not null,
  region text not null,
  address text not null,
  rule_set_id text not null`;

const up = `
create schema if not exists read;

create table read.checkpoint (
  read_model text primary key,
  generation integer not null,
  position text,
  updated_at timestamptz not null default now()
);
insert into read.checkpoint (read_model, generation)
  select unnest(array['cases', 'filings', 'obligations', 'alerts', 'notices', 'operators', 'timeline']), 1;

create table read.parked (
  read_model text not null,
  generation integer not null,
  unit text not null,
  stream text not null,
  position text not null,
  fact_type text not null,
  error text not null,
  kept_out bigint not null,
  since timestamptz not null,
  retry_requested_at timestamptz,
  primary key (read_model, generation, unit)
);

create table read.case_overview (${header('primary key')},
  stage text not null,
  situation text not null,
  merged_into uuid,
  opened_on date not null,
  power_mw text,
  power_filing_id uuid,
  expansion_mw text,
  expansion_filing_id uuid,
  jobs integer,
  jobs_filing_id uuid,
  open_obligations integer not null,
  missed_obligations integer not null,
  next_due_on date,
  assignee text,
  last_filing_on date,
  next_step_at timestamptz,
  digest jsonb not null
);
create index on read.case_overview (case_ref text_pattern_ops);
create index on read.case_overview (case_ref, case_id);
create index on read.case_overview (opened_on, case_id);
create index on read.case_overview (coalesce(next_due_on, date '9999-12-31'), case_id);
create index on read.case_overview (coalesce(last_filing_on, date '0001-01-01'), case_id);
create index on read.case_overview (operator_bin, case_ref);
create index on read.case_overview (assignee, case_ref) where assignee is not null;
create index on read.case_overview (next_step_at) where next_step_at is not null;
create index on read.case_overview using gin ((case_ref || ' ' || address) gin_trgm_ops) with (fastupdate = off);

create table read.filing (
  case_id uuid not null,
  filing_id uuid not null,
  case_ref text not null,
  operator_bin text not null,
  kind text not null,
  period text,
  journal_no text not null,
  channel text not null,
  submitted_at timestamptz,
  received_at timestamptz not null,
  received_on date not null,
  precision text not null,
  registered_on date not null,
  recorded_at timestamptz not null,
  region text not null,
  address text not null,
  power_mw text,
  expansion_mw text,
  equipment_investment_kzt text,
  investment_potential_kzt text,
  jobs integer,
  design_start_on date,
  decided_on date,
  activity_ended_on date,
  bank_on_file boolean not null,
  missing jsonb not null,
  flags jsonb not null,
  situation text not null,
  current_version_id uuid not null,
  latest_version_id uuid not null,
  versions jsonb not null,
  taken_back jsonb,
  annulment_proposal jsonb,
  remark text,
  completion_request jsonb,
  documents jsonb not null,
  absorbed_from uuid,
  carried_to uuid,
  primary key (case_id, filing_id)
);
create index on read.filing (filing_id);
create index on read.filing (received_at, filing_id);
create index on read.filing (journal_no text_pattern_ops, filing_id);
create index on read.filing (operator_bin, received_at);
create index on read.filing (case_ref text_pattern_ops);
create table read.filing_case (${header('primary key')});

create table read.obligation (
  obligation_id uuid primary key,
  case_id uuid not null,
  case_ref text not null,
  operator_bin text not null,
  region text not null,
  kind text not null,
  period text,
  opens_on date not null,
  opened_at timestamptz not null,
  learned_on date not null,
  nominal_due_on date,
  due_on date,
  ends_at timestamptz,
  trace jsonb,
  revised_because text,
  rule_set_id text not null,
  status text not null,
  historical boolean not null,
  met_by_filing_id uuid,
  met_journal_no text,
  met_received_on date,
  days_late integer,
  miss_detected_on date,
  miss_rescinded_because text,
  excused_by_order text,
  excuse_reason text,
  excused_on date,
  steps_taken jsonb not null,
  next_step_at timestamptz
);
create index on read.obligation (case_id);
create index on read.obligation (coalesce(due_on, date '9999-12-31'), obligation_id);
create index on read.obligation (coalesce(due_on, date '9999-12-31'), obligation_id) where status in ('open', 'missed');
create index on read.obligation (operator_bin, coalesce(due_on, date '9999-12-31'));
create index on read.obligation (case_ref text_pattern_ops, obligation_id);
create index on read.obligation (next_step_at) where next_step_at is not null;
create table read.obligation_case (${header('primary key')});

create table read.alert (
  alert_id uuid primary key,
  case_id uuid not null,
  case_ref text not null,
  operator_bin text not null,
  region text not null,
  subject_kind text not null,
  subject_id uuid not null,
  step text not null,
  passed jsonb not null,
  audience jsonb not null,
  due_on date not null,
  raised_on date not null,
  raised_at timestamptz not null,
  situation text not null,
  sendings jsonb not null,
  failures integer not null,
  last_failure text,
  cancelled_because text
);
create index on read.alert (case_id);
create index on read.alert (raised_at, alert_id);
create index on read.alert (due_on, alert_id);
create index on read.alert (subject_id);
create index on read.alert (raised_at, alert_id) where situation in ('raised', 'failed');
create index on read.alert (operator_bin, raised_at);
create table read.alert_case (${header('primary key')});

create table read.notice (
  notice_id uuid primary key,
  number text not null,
  order_no bigint not null,
  inbox_position bigint,
  case_id uuid not null,
  centre_id uuid not null,
  filing_id uuid not null,
  version_id uuid not null,
  trigger text not null,
  legal_basis text not null,
  stage text not null,
  period text,
  received_at timestamptz not null,
  received_on date not null,
  issued_on date not null,
  issued_at timestamptz not null,
  nominal_due_on date not null,
  due_on date not null,
  ends_at timestamptz not null,
  trace jsonb not null,
  region text not null,
  address text not null,
  power_mw text,
  expansion_mw text,
  situation text not null,
  supersedes uuid,
  superseded_by uuid,
  channel text,
  sent_at timestamptz,
  sent_in_time boolean,
  delivered_at timestamptz,
  answered_at timestamptz,
  their_number text,
  their_date date,
  refused_because text,
  attempts integer not null,
  last_failure text,
  breached boolean not null,
  breach_detected_on date,
  steps_taken jsonb not null,
  next_step_at timestamptz
);
create index on read.notice (order_no, notice_id);
create index on read.notice (inbox_position, notice_id) where inbox_position is not null;
create index on read.notice (due_on, notice_id);
create index on read.notice (case_id);
create index on read.notice (filing_id);
create index on read.notice (number text_pattern_ops);
create index on read.notice (order_no) where situation in ('issued', 'queued', 'sent', 'delivered', 'failed');
create index on read.notice (next_step_at) where next_step_at is not null;

create table read.operator (
  bin text primary key,
  name text not null,
  language text not null,
  has_contacts boolean not null,
  registered_at timestamptz not null,
  changed_at timestamptz not null
);
create index on read.operator (name, bin);
create index on read.operator using gin (name gin_trgm_ops) with (fastupdate = off);
create table read.operator_case (
  case_id uuid primary key,
  operator_bin text
);
create index on read.operator_case (operator_bin);

create table read.timeline (
  stream text not null,
  revision integer not null,
  case_id uuid not null,
  position text not null,
  log_order bigint not null,
  log_minor bigint not null,
  fact_id uuid not null,
  type text not null,
  recorded_at timestamptz not null,
  legal_on date not null,
  actor_id text not null,
  actor_kind text not null,
  actor_role text not null,
  on_behalf_of text,
  summary jsonb not null,
  primary key (stream, revision)
);
create index on read.timeline (case_id, log_order, log_minor);
create table read.timeline_notice (
  stream text primary key,
  case_id uuid not null
);

create table read.model_table (
  table_name text primary key,
  read_model text not null references read.checkpoint
);
insert into read.model_table values
  ('case_overview', 'cases'),
  ('filing', 'filings'), ('filing_case', 'filings'),
  ('obligation', 'obligations'), ('obligation_case', 'obligations'),
  ('alert', 'alerts'), ('alert_case', 'alerts'),
  ('notice', 'notices'),
  ('operator', 'operators'), ('operator_case', 'operators'),
  ('timeline', 'timeline'), ('timeline_notice', 'timeline');
`;

export class Tables1790000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create extension if not exists pg_trgm');
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema read cascade');
  }
}
