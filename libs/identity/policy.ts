import type { Role } from '#libs/kernel';
import type { Account } from './account.js';

/** `own`: only what belongs to the account's operator. What is not in the table is `no`. */
export type Grant = 'all' | 'own' | 'no';

type Row = { readonly [R in Role]?: 'all' | 'own' };
const row = <const R extends Row>(grants: R): Row => grants;

const officers = { 'case-officer': 'all', 'senior-officer': 'all' } as const;
const authority = { registrar: 'all', ...officers } as const;
/** Whoever may look into cases. The administrator runs the system and does not read them; the energy body has its inbox. */
const readers = { operator: 'own', ...authority, auditor: 'all' } as const;
const everyone = { ...readers, operator: 'all', 'energy-body': 'all', administrator: 'all', system: 'all' } as const;

/**
 * The one policy table: action -> role -> on what. Every HTTP route names one of these actions. Two rules are not here
 * because they are about a particular act and its decider keeps them: who proposed an annulment may not confirm it, and
 * every look at bank details is recorded.
 */
export const policy = {
  'register-operator': row({ operator: 'own', ...authority }),
  'change-operator': row({ operator: 'own', ...authority }),
  'open-case': row({ operator: 'own', ...authority }),

  // Filing is the operator's; paper is entered by the registrar and by nobody who later decides on it.
  'file-planned-construction': row({ operator: 'own', registrar: 'all' }),
  'file-quarterly-reference': row({ operator: 'own', registrar: 'all' }),
  'file-termination': row({ operator: 'own', registrar: 'all' }),
  'terminate-all': row({ operator: 'own', registrar: 'all' }),
  'correct-filing': row({ operator: 'own', registrar: 'all' }),
  'withdraw-filing': row({ operator: 'own', registrar: 'all' }),
  'complete-filing': row({ operator: 'own', registrar: 'all' }),
  'attach-document': row({ operator: 'own', ...authority }),

  'record-commissioning': row(authority),
  'withdraw-commissioning': row(officers),
  'mark-filing-incomplete': row(authority),
  'request-completion': row(officers),
  'propose-annulment': row(officers),
  'transfer-case': row(officers),
  'change-location': row(authority),
  'merge-case': row(officers),
  'assign-case': row(officers),
  'add-note': row(authority),
  'close-case': row(officers),
  'reopen-case': row(officers),

  'confirm-annulment': row({ 'senior-officer': 'all' }),
  'excuse-obligation': row({ 'senior-officer': 'all' }),
  'extend-term': row({ 'senior-officer': 'all' }),
  'record-outage': row({ 'senior-officer': 'all' }),
  // Days come from a published decree; nobody's case is decided by typing them in.
  'correct-calendar': row({ 'senior-officer': 'all', administrator: 'all' }),

  // Notices go by themselves; these are for when one does not.
  'issue-notice': row(officers),
  'record-notice-delivery': row(officers),
  'record-letter': row(authority),

  'acknowledge-notice': row({ 'energy-body': 'all' }),
  'refuse-notice': row({ 'energy-body': 'all' }),
  'read-notice-inbox': row({ 'energy-body': 'all', auditor: 'all' }),

  'read-cases': row(readers),
  'read-filings': row(readers),
  'read-receipt': row(readers),
  'read-obligations': row(readers),
  'read-alerts': row(readers),
  'read-timeline': row(readers),
  'read-documents': row(readers),
  'read-operators': row(readers),
  'explain-deadline': row(readers),
  /** Notes and assignments are the authority's own; a timeline shown without this leaves them out. */
  'read-notes': row({ ...authority, auditor: 'all' }),
  'read-officers': row({ ...authority, auditor: 'all' }),
  'read-notices': row({ ...authority, auditor: 'all' }),
  'read-bank-details': row({ operator: 'own', 'senior-officer': 'all', auditor: 'all' }),
  'read-calendar': row(everyone),
  'read-rules': row(everyone),

  // Whoever gives out keys could give itself any role: what was done stands with each key, and the auditor reads it.
  'issue-api-key': row({ administrator: 'all' }),
  'revoke-api-key': row({ administrator: 'all' }),
  'bind-api-key': row({ administrator: 'all' }),
  'read-api-keys': row({ administrator: 'all', auditor: 'all' }),

  'run-sweep': row({ administrator: 'all', system: 'all' }),
  'read-system': row({ administrator: 'all', auditor: 'all', system: 'all' }),
  'watch-queues': row({ administrator: 'all' }),
  'rebuild-read-models': row({ administrator: 'all', system: 'all' }),
} as const;

export type Action = keyof typeof policy;

export const actions = Object.keys(policy) as readonly Action[];
export const isAction = (text: string): text is Action => Object.hasOwn(policy, text);

/** What is acted on; without an operator it is nobody's own. */
export interface PolicyObject {
  readonly operatorBin?: string | undefined;
}

/** Deny by default, also for a role or an action that only a type error could bring here. */
export const grantOf = (role: Role, action: Action): Grant => {
  const grants: Row | undefined = Object.hasOwn(policy, action) ? policy[action] : undefined;
  return (grants && Object.hasOwn(grants, role) ? grants[role] : undefined) ?? 'no';
};

type Subject = Pick<Account, 'role' | 'operatorBin'>;

/** Whether this account may do this to this object. An `own` grant needs the object: without it the answer is no. */
export function may(account: Subject, action: Action, object?: PolicyObject): boolean {
  const grant = grantOf(account.role, action);
  if (grant === 'all') return true;
  return grant === 'own' && account.operatorBin !== undefined && account.operatorBin === object?.operatorBin;
}

export type Scope =
  { readonly kind: 'all' } | { readonly kind: 'own'; readonly operatorBin: string } | { readonly kind: 'none' };

/** On what the account may do it at all: the filter of a list, and what a route asks before its object is known. */
export function scopeOf(account: Subject, action: Action): Scope {
  const grant = grantOf(account.role, action);
  if (grant === 'all') return { kind: 'all' };
  if (grant === 'own' && account.operatorBin !== undefined) return { kind: 'own', operatorBin: account.operatorBin };
  return { kind: 'none' };
}
