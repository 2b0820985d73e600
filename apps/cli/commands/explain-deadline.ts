import { dayAt, findQuarter, findUuid, type Uuid } from '#libs/kernel';
import { caseDecider, caseRefClaim, caseStream, explainDeadline, type Obligation } from '#libs/domain';
import { foldStream } from '#libs/application';
import { openHouse } from '#libs/assembly';
import { CommandError } from '../command-error.js';
import { configOfExisting } from '../existing-house.js';

/** `qadaga explain-deadline CASE OBLIGATION [PERIOD]`, a case by its reference or id: how the day was found, from what was stored with the duty. */
export async function explainDeadlineCommand(caseRef: string, kind: string, period?: string): Promise<number> {
  if (period !== undefined && findQuarter(period) === undefined)
    throw new CommandError(`a period is written YYYY-Q1 to YYYY-Q4, not ${period}`, 2);
  const session = await openHouse(configOfExisting(), { projector: true });
  try {
    const { house } = session;
    const [claim] = await house.writePath.store.readStream(caseRefClaim(caseRef), { limit: 1 });
    const claimed = (claim?.data as { caseId: Uuid } | undefined)?.caseId;
    const caseId = claimed ?? (await session.caseIdOf(caseRef)) ?? findUuid(caseRef);
    if (caseId === undefined) throw new CommandError(`there is no case ${caseRef}`);
    const { state } = foldStream(caseDecider, await house.writePath.store.readStream(caseStream(caseId)));
    if (state.situation === 'none') throw new CommandError(`there is no case ${caseRef}`);
    const duties = [...state.file.obligations.values()];
    const found = duties.filter((one) => one.kind === kind && (period === undefined || one.period === period));
    if (found.length === 0) throw new CommandError(`case ${caseRef} has no such obligation; it has:\n${list(duties)}`);
    if (found.length > 1)
      throw new CommandError(`case ${caseRef} owes a ${kind} for several periods; name one:\n${list(found)}`, 2);
    const [duty] = found;
    const zone = house.lawBook.rulesOf(state).zone;
    process.stdout.write(`${caseRef}, ${name(duty!)}: ${statusWords(duty!, dayAt(house.clock.now(), zone))}\n`);
    const lines = duty!.deadline
      ? explainDeadline(duty!.deadline)
      : ['The day cannot be determined: the document does not say when design starts.'];
    for (const line of lines) process.stdout.write(`  ${line}\n`);
    return 0;
  } finally {
    await session.close();
  }
}

const name = (duty: Obligation) => `${duty.kind.replaceAll('_', ' ')}${duty.period ? ` for ${duty.period}` : ''}`;
const list = (duties: readonly Obligation[]) =>
  duties.map((duty) => `  ${duty.kind}${duty.period ? ` ${duty.period}` : ''}`).join('\n');

function statusWords(duty: Obligation, today: string): string {
  switch (duty.status) {
    case 'open':
      return duty.deadline && today > duty.deadline.dueOn ? 'overdue' : `open, due on ${duty.deadline?.dueOn}`;
    case 'met_late':
      return `met late, by ${duty.metBy?.daysLate} days (received on ${duty.metBy?.receivedOn})`;
    case 'met':
      return `met on ${duty.metBy?.receivedOn}`;
    case 'undetermined':
      return 'whether it was kept in time cannot be determined';
    default:
      return duty.status;
  }
}
