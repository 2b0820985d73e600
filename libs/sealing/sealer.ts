import { createHmac } from 'node:crypto';
import type { PoolConfig } from 'pg';
import type { Sealed } from '#libs/domain';
import { lastingPool } from '#libs/postgres';
import { encryptBytes, findDecryptedBytes } from './authenticated-encryption.js';
import { KeyErasedError, UnknownKeyError } from './errors.js';
import { createKeyRing, type OperatorKey } from './key-ring.js';
import type { MasterKey } from './master-key.js';
import { openText, sealText, type OpenedText } from './sealed-text.js';

export interface SecretToSeal {
  readonly operatorBin: string;
  readonly text: string;
}

export interface SealedBytes {
  readonly keyId: string;
  readonly sealed: Buffer;
}

export interface SealerOptions {
  /** Of the application's database user; `migrateVault` has run. */
  readonly config: PoolConfig;
  readonly masterKey: MasterKey;
}

/** Keeps bank details and contacts out of the clear, under one key per operator. */
export interface Sealer {
  /** Sealing the same text twice gives two different results, both of which open. */
  seal(operatorBin: string, text: string): Promise<Sealed>;
  /** The same for many at once, in the order given, with two statements at most for all keys that are new. */
  sealMany(secrets: readonly SecretToSeal[]): Promise<readonly Sealed[]>;
  /** @throws KeyErasedError, UnknownKeyError, WrongMasterKeyError, or Error when something was altered. */
  open(sealed: Sealed): Promise<OpenedText>;
  /** The same for a document: `place` says where it is kept, and is authenticated. */
  sealBytes(operatorBin: string, bytes: Uint8Array, place: string): Promise<SealedBytes>;
  /** `altered`: not what was sealed there under that key; `erased`: the key was destroyed. @throws WrongMasterKeyError */
  openBytes(keyId: string, sealed: Buffer, place: string): Promise<Buffer | 'altered' | 'erased'>;
  /**
   * Destroys the operator's key; false when there was none. Everything sealed for the operator so far is lost for good;
   * what is sealed afterwards gets a new key. Database backups and archived logs still hold the wrapped key: they must
   * expire as well. Other processes forget the key within ten seconds.
   */
  erase(operatorBin: string): Promise<boolean>;
  /** Wraps every key anew and returns for how many operators. Other processes must be started again with the new master key. */
  rewrap(newMasterKey: MasterKey): Promise<number>;
  /**
   * HMAC-SHA-256 (hex) under a key of this house: equal requests have equal hashes for ever, and nobody who gets hold of
   * the log alone can try out account numbers against them. Also proves at start that master key and vault fit.
   */
  requestHasher(): Promise<(canonical: string) => string>;
  close(): Promise<void>;
}

export function createSealer({ config, masterKey }: SealerOptions): Sealer {
  const pool = lastingPool({ max: 4, ...config });
  const keys = createKeyRing(pool, masterKey);
  const keysFor = async (bins: readonly string[]) => {
    const found = await keys.keysFor(bins);
    return (bin: string): OperatorKey => {
      const key = found.get(bin);
      if (key === undefined) throw new Error('an operator key was erased while it was needed; try again');
      return key;
    };
  };
  const sealMany = async (secrets: readonly SecretToSeal[]) => {
    const keyOf = await keysFor(secrets.map(({ operatorBin }) => operatorBin));
    return secrets.map(({ operatorBin, text }) => {
      const { keyId, key } = keyOf(operatorBin);
      return sealText(keyId, key, text);
    });
  };
  return {
    seal: async (operatorBin, text) => (await sealMany([{ operatorBin, text }]))[0]!,
    sealMany,
    open: async (sealed) => openText(await keys.keyById(sealed.keyId), sealed),
    sealBytes: async (operatorBin, bytes, place) => {
      const { keyId, key } = (await keysFor([operatorBin]))(operatorBin);
      return { keyId, sealed: encryptBytes(key, bytes, place) };
    },
    openBytes: async (keyId, sealed, place) => {
      try {
        return findDecryptedBytes(await keys.keyById(keyId), sealed, place) ?? 'altered';
      } catch (error) {
        if (error instanceof KeyErasedError) return 'erased';
        if (error instanceof UnknownKeyError) return 'altered';
        throw error;
      }
    },
    erase: keys.erase,
    rewrap: keys.rewrap,
    requestHasher: async () => {
      const key = await keys.houseKey('request-hash');
      return (canonical) => createHmac('sha256', key).update(canonical, 'utf8').digest('hex');
    },
    close: () => pool.end(),
  };
}
