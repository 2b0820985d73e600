import { createHash } from 'node:crypto';
import {
  canonicalJson,
  dayAt,
  wallClock,
  type Instant,
  type PlainDate,
  type Quarter,
  type Uuid,
  type Zone,
} from '#libs/kernel';
import type { FilingFlag, FilingKind, Location, ObligationStatus, Registration, Sealed } from '#libs/domain';
import { sha256Of } from './document-store.js';

/** What a receipt is made from: the stored fact of a filing, correction, completion or withdrawal, and its surroundings. */
export interface ReceiptSource {
  readonly fact: {
    readonly id: Uuid;
    readonly type: string;
    readonly recordedAt: Instant;
    readonly data: ReceiptedData;
  };
  readonly kind: FilingKind;
  /** What the fact did: `filing`, `correction`, `completion` or `withdrawal`. */
  readonly act: ReceiptAct;
  readonly versionId: Uuid;
  readonly caseRef: string;
  readonly operatorBin: string;
  /** The regulator's zone: whose day counts. */
  readonly zone: Zone;
  /** The zone of the centre's region, when known. */
  readonly regionZone?: Zone;
  /** The authority's name as it is to stand on the paper. */
  readonly receiver: string;
  readonly obligation?: ReceiptedObligation;
  /** For the owner only: what proves that the commitment is to its own account. */
  readonly bankSalt?: string;
}

export type ReceiptAct = 'filing' | 'correction' | 'completion' | 'withdrawal';

/** The common part of the facts that have receipts. */
export interface ReceiptedData {
  readonly caseId: Uuid;
  readonly filingId: Uuid;
  readonly registration: Registration;
  readonly location?: Location;
  readonly values?: { readonly period?: Quarter; readonly bank?: Sealed };
  readonly missing?: readonly string[];
  readonly flags?: readonly FilingFlag[];
}

export interface ReceiptedObligation {
  readonly obligationId: Uuid;
  readonly status: ObligationStatus;
  readonly dueOn: PlainDate | null;
  readonly daysLate: number | null;
}

/** A clock on a wall: `time` is null when only the day of a paper stamp is known. */
export interface WallTime {
  readonly zone: Zone;
  readonly date: PlainDate;
  readonly time: string | null;
}

export interface Receipt {
  readonly document: 'receipt';
  readonly number: string;
  readonly act: ReceiptAct;
  readonly kind: FilingKind;
  readonly period: Quarter | null;
  readonly filingId: Uuid;
  readonly versionId: Uuid;
  readonly caseId: Uuid;
  readonly caseRef: string;
  readonly operatorBin: string;
  readonly receiver: string;
  readonly channel: Registration['channel'];
  readonly submittedAt: Instant | null;
  readonly received: {
    readonly at: Instant;
    /** By the regulator's clock: the day that counts. */
    readonly official: WallTime;
    /** By the clock where the centre is, given only where it shows something else. */
    readonly local: WallTime | null;
  };
  readonly registeredOn: PlainDate;
  readonly recordedAt: Instant;
  readonly missing: readonly string[];
  readonly flags: readonly FilingFlag[];
  readonly obligation: ReceiptedObligation | null;
  readonly bank: { readonly commitment: string; readonly salt: string | null } | null;
  /** The record itself, as stored; the hash is over exactly this. */
  readonly content: ReceiptedData;
  readonly contentHash: { readonly algorithm: 'SHA-256'; readonly form: 'RFC 8785'; readonly value: string };
}

/** Pure: the same fact and surroundings give the same receipt for ever. */
export function receiptOf(source: ReceiptSource): Receipt {
  const { fact, zone, regionZone, bankSalt } = source;
  const { registration, values, missing = [], flags = [] } = fact.data;
  const { receivedAt, precision } = registration;
  const official = wallTime(receivedAt, zone, precision);
  const local = regionZone === undefined ? undefined : wallTime(receivedAt, regionZone, precision);
  const differs = precision === 'instant' && local && (local.date !== official.date || local.time !== official.time);
  return {
    document: 'receipt',
    number: registration.journalNo,
    act: source.act,
    kind: source.kind,
    period: values?.period ?? null,
    filingId: fact.data.filingId,
    versionId: source.versionId,
    caseId: fact.data.caseId,
    caseRef: source.caseRef,
    operatorBin: source.operatorBin,
    receiver: source.receiver,
    channel: registration.channel,
    submittedAt: registration.submittedAt ?? null,
    received: { at: receivedAt, official, local: differs ? local : null },
    registeredOn: registration.registeredOn,
    recordedAt: fact.recordedAt,
    missing,
    flags,
    obligation: source.obligation ?? null,
    bank: values?.bank ? { commitment: values.bank.commitment, salt: bankSalt ?? null } : null,
    content: fact.data,
    contentHash: { algorithm: 'SHA-256', form: 'RFC 8785', value: contentHash(fact.data) },
  };
}

/** hex of SHA-256 over the canonical JSON (RFC 8785) of a fact's data. */
export const contentHash = (data: unknown): string => sha256Of(canonicalJson(data));

/** Whether the content is what the receipt's hash says; needs nothing but the receipt. */
export const receiptHolds = (receipt: Pick<Receipt, 'content' | 'contentHash'>): boolean =>
  contentHash(receipt.content) === receipt.contentHash.value;

/**
 * Whether `text` (see `canonicalBank`) is what was committed to. `salt` is the receipt's, in hex.
 */
export const commitmentHolds = (commitment: string, salt: string, text: string): boolean =>
  createHash('sha256').update(Buffer.from(salt, 'hex')).update(text, 'utf8').digest('hex') === commitment;

function wallTime(at: Instant, zone: Zone, precision: Registration['precision']): WallTime {
  return { zone, date: dayAt(at, zone), time: precision === 'day' ? null : wallClock(at, zone).slice(11) };
}
