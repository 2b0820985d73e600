import { createHash, randomBytes } from 'node:crypto';
import type { Role } from '#libs/kernel';

/** Every role but the house's own. */
export type ClientRole = Exclude<Role, 'system'>;

export const clientRoles: readonly ClientRole[] = [
  'operator',
  'registrar',
  'case-officer',
  'senior-officer',
  'auditor',
  'energy-body',
  'administrator',
];

/** `qdg_<role>_<base64url of 256 random bits>`; the role is there for people and secret scanners and decides nothing. */
export const formatApiKey = (role: ClientRole, secret: Buffer = randomBytes(32)): string =>
  `qdg_${role}_${secret.toString('base64url')}`;

/** The text without blanks around it, if it has the form of a key. */
export function findApiKey(text: string): string | undefined {
  const trimmed = text.trim();
  return /^qdg_[a-z-]{1,30}_[\w-]{43}$/.test(trimmed) ? trimmed : undefined;
}

/** A plain hash is enough: 256 random bits cannot be guessed, so there is nothing to slow down. */
export const hashApiKey = (key: string): Buffer => createHash('sha256').update(key, 'utf8').digest();
