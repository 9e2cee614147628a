import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import { AppConfig } from '../../config/app-config.js';
import type { JwtAlgorithm } from '../../config/app-config.js';
import { UnopenableKeyError, unwrapKey, wrapKey } from '../../crypto/key-wrap.js';
import { SecretRing } from '../../crypto/secret-ring.js';
import { rows } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import type { Principal } from '../../security/principal.js';
import type { ClientContext } from '../../shared/client-context.js';
import { exportSigningKey, importSigningKey, publicJwk } from './signing-key.js';
import type { SigningKey } from './signing-key.js';

const WRAPPING = 'gatehouse signing keys';
/** Any number that no other lock of ours has. */
const ROTATION_LOCK = 0x6b657973;

/**
 * `pending`: published, not yet signing; `active`: signs; `retiring`: verifies only; `retired`: neither, and its private
 * half is gone.
 */
type KeyState = 'pending' | 'active' | 'retiring' | 'retired';

/** What is known of a key besides the key itself. */
export interface KeyRecord {
  readonly kid: string;
  readonly algorithm: JwtAlgorithm;
  readonly state: KeyState;
  readonly createdAt: Date;
  readonly activatesAt: Date | null;
  readonly activatedAt: Date | null;
  readonly retiresAt: Date | null;
  readonly retiredAt: Date | null;
}

/** A key that may still sign or verify. */
export interface LiveKey extends KeyRecord {
  readonly key: SigningKey;
}

/** When a key is changed and, where an admin does it, by whom and from where. */
export interface KeyChange {
  readonly now: Date;
  readonly by?: { readonly actor: Principal; readonly client: ClientContext } | undefined;
}

interface KeyRow extends KeyRecord {
  readonly wrapped: Buffer;
  readonly under: string;
}

const RECORD = `kid, algorithm, state, created_at AS "createdAt", activates_at AS "activatesAt",
  activated_at AS "activatedAt", retires_at AS "retiresAt", retired_at AS "retiredAt"`;

/** The table of signing keys, whose private halves are wrapped under `JWT_SECRET`. */
@Injectable()
export class StoredKeys {
  private readonly ring: SecretRing;

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    config: AppConfig,
  ) {
    this.ring = new SecretRing(config.tokens.jwtSecrets);
  }

  /** Runs a change of the keys while no other instance makes one, and tells the others that there was one. */
  async exclusively<Result>(tx: EntityManager, change: () => Promise<Result>): Promise<Result> {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [ROTATION_LOCK]);
    const result = await change();
    await tx.query('UPDATE deployment SET keys_version = keys_version + 1');
    return result;
  }

  /** @throws UnopenableKeyError where no listed secret opens one */
  async readLive(on: Executor = this.dataSource): Promise<LiveKey[]> {
    const found = await rows<KeyRow>(
      on,
      `SELECT ${RECORD}, wrapped_private_key AS wrapped, wrapped_under AS under FROM signing_keys
       WHERE state IN ('pending', 'active', 'retiring') ORDER BY created_at, kid`,
    );
    return found.map(({ wrapped, under, ...record }) => ({ ...record, key: this.unwrap(record, { wrapped, under }) }));
  }

  /** The ids of keys that were taken out of use lately. */
  async readRetired(): Promise<string[]> {
    const retired = `SELECT kid FROM signing_keys WHERE state = 'retired' ORDER BY retired_at DESC LIMIT 100`;
    return (await rows<{ kid: string }>(this.dataSource, retired)).map(({ kid }) => kid);
  }

  /** The last hundred keys, newest first: at one a quarter, all of them. */
  async readRecent(): Promise<KeyRecord[]> {
    return rows(this.dataSource, `SELECT ${RECORD} FROM signing_keys ORDER BY created_at DESC, kid LIMIT 100`);
  }

  async insert(tx: EntityManager, key: SigningKey, state: 'pending' | 'active', change: KeyChange): Promise<void> {
    const { now } = change;
    const { wrapped, under } = wrapKey(this.ring, WRAPPING, key.kid, exportSigningKey(key));
    await tx.query(
      `INSERT INTO signing_keys
         (kid, algorithm, state, public_jwk, wrapped_private_key, wrapped_under, created_at, activated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [key.kid, key.algorithm, state, publicJwk(key), wrapped, under, now, state === 'active' ? now : null],
    );
    await this.record(tx, key.kid, state, change);
  }

  async schedule(tx: EntityManager, kid: string, activatesAt: Date, change: KeyChange): Promise<void> {
    await tx.query('UPDATE signing_keys SET activates_at = $2 WHERE kid = $1', [kid, activatesAt]);
    await this.record(tx, kid, 'scheduled', change);
  }

  async activate(tx: EntityManager, kid: string, change: KeyChange): Promise<void> {
    await tx.query(`UPDATE signing_keys SET state = 'active', activated_at = $2 WHERE kid = $1`, [kid, change.now]);
    await this.record(tx, kid, 'active', change);
  }

  async beginRetiring(tx: EntityManager, kid: string, retiresAt: Date, change: KeyChange): Promise<void> {
    await tx.query(`UPDATE signing_keys SET state = 'retiring', retires_at = $2 WHERE kid = $1`, [kid, retiresAt]);
    await this.record(tx, kid, 'retiring', change);
  }

  /** Takes a key out of use for good. */
  async retire(tx: EntityManager, kid: string, change: KeyChange): Promise<void> {
    await tx.query(
      `UPDATE signing_keys SET state = 'retired', retired_at = $2, wrapped_private_key = NULL, wrapped_under = NULL
       WHERE kid = $1`,
      [kid, change.now],
    );
    await this.record(tx, kid, 'retired', change);
  }

  /** Moves keys under the first listed secret, so that a roll-out may drop the old one. */
  async rewrap(keys: readonly LiveKey[]): Promise<void> {
    for (const { kid, key } of keys) {
      const { wrapped, under } = wrapKey(this.ring, WRAPPING, kid, exportSigningKey(key));
      await this.dataSource.query(
        `UPDATE signing_keys SET wrapped_private_key = $2, wrapped_under = $3
         WHERE kid = $1 AND wrapped_under <> $3`,
        [kid, wrapped, under],
      );
    }
  }

  private async record(tx: EntityManager, kid: string, state: string, { now: at, by }: KeyChange): Promise<void> {
    const who = { actorId: by?.actor.userId, sessionId: by?.actor.sessionId, client: by?.client };
    const event = { type: 'signing_key_changed', at, ...who, outcome: 'success', details: { kid, state } } as const;
    await this.audit.append(event, tx);
  }

  private unwrap({ kid, algorithm }: KeyRecord, stored: { wrapped: Buffer; under: string }): SigningKey {
    const pkcs8 = unwrapKey(this.ring, WRAPPING, kid, stored);
    if (!pkcs8) throw new UnopenableKeyError(`signing key ${kid}`, 'JWT_SECRET', stored.under);
    return importSigningKey(algorithm, pkcs8);
  }
}
