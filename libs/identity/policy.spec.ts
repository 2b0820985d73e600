import type { Role } from '#libs/kernel';
import { actions, clientRoles, grantOf, isAction, may, scopeOf, type Action } from './index.js';

const mine = '940140000385';
const theirs = '970740000838';
const as = (role: Role, operatorBin?: string) => ({ role, ...(operatorBin ? { operatorBin } : {}) });
const allowed = (role: Role) => actions.filter((action) => grantOf(role, action) !== 'no').sort();

describe('the policy', () => {
  it('denies what is not written, also to what is not a role or an action', () => {
    expect(grantOf('janitor' as Role, 'read-cases')).toBe('no');
    expect(grantOf('toString' as Role, 'read-cases')).toBe('no');
    expect(grantOf('auditor', 'constructor' as Action)).toBe('no');
    expect(isAction('read-cases')).toBe(true);
    expect(isAction('toString')).toBe(false);
    for (const action of actions) expect(clientRoles.some((role) => grantOf(role, action) !== 'no')).toBe(true);
  });
  it('lets an operator act on its own only, and never without an object or a BIN', () => {
    for (const action of actions) {
      const grant = grantOf('operator', action);
      if (grant === 'all') {
        expect(['read-calendar', 'read-rules']).toContain(action);
        continue;
      }
      expect(may(as('operator', mine), action, { operatorBin: mine })).toBe(grant === 'own');
      expect(may(as('operator', mine), action, { operatorBin: theirs })).toBe(false);
      expect(may(as('operator', mine), action)).toBe(false);
      expect(may(as('operator', mine), action, {})).toBe(false);
      expect(may(as('operator'), action, {})).toBe(false);
      expect(may(as('operator'), action, { operatorBin: undefined })).toBe(false);
      expect(scopeOf(as('operator'), action)).toEqual({ kind: 'none' });
    }
    expect(scopeOf(as('operator', mine), 'read-cases')).toEqual({ kind: 'own', operatorBin: mine });
  });
  it('gives nobody but operators an own share', () => {
    for (const role of [...clientRoles, 'system' as const])
      if (role !== 'operator') for (const action of actions) expect(grantOf(role, action)).not.toBe('own');
  });
  it('leaves the energy body its inbox', () => {
    expect(allowed('energy-body')).toEqual([
      'acknowledge-notice',
      'read-calendar',
      'read-notice-inbox',
      'read-rules',
      'refuse-notice',
    ]);
  });
  it('lets the administrator run the system and decide no case', () => {
    expect(allowed('administrator')).toEqual([
      'bind-api-key',
      'correct-calendar',
      'issue-api-key',
      'read-api-keys',
      'read-calendar',
      'read-rules',
      'read-system',
      'rebuild-read-models',
      'revoke-api-key',
      'run-sweep',
      'watch-queues',
    ]);
  });
  it('lets the auditor read everything and change nothing', () => {
    const readings = actions.filter((action) => action.startsWith('read-') || action === 'explain-deadline');
    expect(allowed('auditor')).toEqual(readings.sort());
  });
  it('keeps for the senior officer what weighs most', () => {
    for (const action of ['confirm-annulment', 'excuse-obligation', 'extend-term', 'record-outage'] as const)
      expect(clientRoles.filter((role) => grantOf(role, action) !== 'no')).toEqual(['senior-officer']);
  });
  it('lets the administrator alone change keys, and the auditor see them', () => {
    const who = (action: Action) => clientRoles.filter((role) => grantOf(role, action) !== 'no');
    for (const action of ['issue-api-key', 'revoke-api-key', 'bind-api-key'] as const)
      expect(who(action)).toEqual(['administrator']);
    expect(who('read-api-keys')).toEqual(['auditor', 'administrator']);
    expect(grantOf('system', 'issue-api-key')).toBe('no');
  });
  it('shows bank details to few', () => {
    expect(clientRoles.filter((role) => grantOf(role, 'read-bank-details') !== 'no')).toEqual([
      'operator',
      'senior-officer',
      'auditor',
    ]);
  });
});
