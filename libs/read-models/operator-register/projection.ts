import { caseStream, operatorStream } from '#libs/domain';
import { findUuid } from '#libs/kernel';
import type { Projection } from '../engine/projection.js';
import { streamKey } from '../facts.js';
import { feedsOf } from '../feeds.js';
import { operatorCaseTable, operatorTable } from './row.js';

/** A unit is an operator's BIN or a case's id: the one has twelve digits, the other is a UUID. */
export function operatorRegisterProjection(): Projection {
  return {
    readModel: 'operators',
    tables: [operatorTable, operatorCaseTable],
    feeds: feedsOf('operators'),
    unitsOf: (fact) => [streamKey(fact.stream)],
    streamsOf: (unit) => {
      const caseId = findUuid(unit);
      return [caseId === undefined ? operatorStream(unit) : caseStream(caseId)];
    },
    apply(rows, fact) {
      switch (fact.type) {
        case 'OperatorRegistered':
        case 'OperatorChanged': {
          const { bin, name, language, contacts } = fact.data;
          const registeredAt = rows.get(operatorTable, '')?.registeredAt ?? fact.recordedAt;
          const hasContacts = contacts !== null;
          const changedAt = fact.recordedAt;
          rows.put(operatorTable, '', { bin, name, language, hasContacts, registeredAt, changedAt });
          return;
        }
        case 'CaseOpened':
          rows.put(operatorCaseTable, '', { caseId: fact.data.caseId, operatorBin: fact.data.operatorBin });
          return;
        case 'CaseTransferred':
          rows.put(operatorCaseTable, '', { caseId: fact.data.caseId, operatorBin: fact.data.toBin });
          return;
        case 'CaseMerged':
          rows.put(operatorCaseTable, '', { caseId: fact.data.caseId, operatorBin: null });
          return;
        default:
          return;
      }
    },
  };
}
