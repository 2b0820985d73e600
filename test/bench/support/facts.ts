import { factIdOf, instantOfMs, qadagaNamespace, uuidV5, type FactMeta } from '#libs/kernel';
import type { FactToAppend } from '#libs/event-store';

/** Facts as filings leave them: their stored text is about 700 bytes. Ids are made before any clock runs. */
export function filingFact(stream: string, revision: number): FactToAppend {
  const commandId = uuidV5(qadagaNamespace, `${stream}/${revision}`);
  const meta: FactMeta = {
    commandId,
    requestHash: '9f'.repeat(32),
    correlationId: commandId,
    causationId: commandId,
    actor: { kind: 'person', id: 'bench-account', role: 'operator' },
    channel: 'api',
    ruleSet: { id: 'kz-384-open', hash: 'c4'.repeat(20) },
  };
  return {
    id: factIdOf(commandId, stream, 0),
    type: 'BenchReferenceFiled',
    recordedAt: instantOfMs(1_610_000_000_000 + revision),
    meta,
    data: { journalNo: `B-2021-${revision}`, powerMw: '46.85', jobs: revision % 120, address: 'промзона Северная' },
  };
}

/** The text another store would keep of it. */
export const textOf = (fact: FactToAppend, stream: string, revision: number): string =>
  JSON.stringify({ ...fact, stream, revision });

/** A table like the log's: the same columns, the same two keys. `position` is the caller's business or nobody's. */
export const plainTable = (name: string, positions: 'given' | 'drawn') => `
drop table if exists public.${name};
create table public.${name} (
  position bigint ${positions === 'drawn' ? 'generated always as identity' : ''} primary key,
  stream text collate "C" not null,
  revision int not null,
  id uuid not null,
  type text collate "C" not null,
  body text not null,
  unique (stream, revision)
)`;
