import { caseStream, caseWorkStream } from '#libs/domain';
import type { Uuid } from '#libs/kernel';
import { foldHeader, headerOperatorOn } from '../case-header.js';
import type { Projection, Rows } from '../engine/projection.js';
import { streamKey, type DomainFact } from '../facts.js';
import { feedsOf } from '../feeds.js';
import { alertCaseTable, alertTable, type AlertCaseRow, type AlertRow } from './row.js';

export function alertRegisterProjection(): Projection {
  return {
    readModel: 'alerts',
    tables: [alertTable, alertCaseTable],
    feeds: feedsOf('alerts'),
    unitsOf: (fact) => [streamKey(fact.stream)],
    streamsOf: (unit) => [caseStream(unit as Uuid), caseWorkStream(unit as Uuid)],
    apply(rows, fact) {
      const { header } = foldHeader(rows, alertCaseTable, fact);
      if (fact.type === 'CaseTransferred') carryOwner(rows, header);
      const row = changedAlert(header, fact, (alertId) => {
        const known = rows.get(alertTable, alertId);
        if (known === undefined) throw new Error(`${fact.type} of an alert that was never raised`);
        return known;
      });
      if (row !== undefined) rows.put(alertTable, row.alertId, row);
    },
  };
}

/** What was due before the transfer is the former operator's to be told of, also when it was raised before that was known. */
function carryOwner(rows: Rows, header: AlertCaseRow): void {
  for (const row of [...rows.all(alertTable)]) {
    const operatorBin = headerOperatorOn(header, row.dueOn);
    if (row.operatorBin !== operatorBin) rows.put(alertTable, row.alertId, { ...row, operatorBin });
  }
}

function changedAlert(header: AlertCaseRow, fact: DomainFact, known: (id: Uuid) => AlertRow): AlertRow | undefined {
  switch (fact.type) {
    case 'AlertRaised': {
      const { alertId, subject, step, passed, audience, dueOn, raisedOn, assignee } = fact.data;
      const { caseId, caseRef, region } = header;
      return {
        alertId,
        caseId,
        caseRef,
        operatorBin: headerOperatorOn(header, dueOn),
        region,
        subjectKind: subject.kind,
        subjectId: subject.id,
        step,
        passed,
        audience,
        dueOn,
        raisedOn,
        raisedAt: fact.recordedAt,
        situation: 'raised',
        sendings: [],
        failures: 0,
        lastFailure: null,
        cancelledBecause: null,
        assignee: assignee ?? null,
        letter: 'none',
        letterPostedOn: null,
        letterNumber: null,
      };
    }
    case 'AlertSent': {
      const { alertId, channel, audience } = fact.data;
      const alert = known(alertId);
      const sendings = [...alert.sendings, { audience, channel, at: fact.recordedAt }];
      const reached = alert.audience.every((one) => sendings.some((sending) => sending.audience === one));
      const letter = channel === 'letter-list' ? 'awaited' : alert.letter;
      return { ...alert, sendings, situation: reached ? 'sent' : 'raised', letter };
    }
    case 'AlertFailed': {
      const alert = known(fact.data.alertId);
      return { ...alert, situation: 'failed', failures: alert.failures + 1, lastFailure: fact.data.reason };
    }
    case 'AlertCancelled':
      return { ...known(fact.data.alertId), situation: 'cancelled', cancelledBecause: fact.data.because };
    case 'LetterPosted': {
      const { alertId, postedOn, number } = fact.data;
      return { ...known(alertId), letter: 'posted', letterPostedOn: postedOn, letterNumber: number ?? null };
    }
    default:
      return undefined;
  }
}
