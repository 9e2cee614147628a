import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../config/app-config.js';
import { row } from '../database/sql.js';
import { Clock } from '../shared/clock.js';
import { UnopenableKeyError, unwrapKey, wrapKey } from './key-wrap.js';
import { SecretRing } from './secret-ring.js';

const KEY_BYTES = 32;
const WRAPPING = 'gatehouse data keys';

/** What a data key is for. Each purpose has a random key of its own. */
const PURPOSES = [
  'cursors',
  'device tokens',
  'event subjects',
  'events',
  'guesses',
  'mfa tokens',
  'recovery codes',
  'throttling',
  'totp',
] as const;
export type DataKeyPurpose = (typeof PURPOSES)[number];

interface DataKeyRow {
  readonly wrapped_key: Buffer;
  readonly wrapped_under: string;
}

/** A key that something was made with is not there any more. */
class MissingKeyError extends Error {
  constructor(purpose: DataKeyPurpose) {
    super(`The data key "${purpose}" is not in the database any more. Restore the table data_keys from a backup.`);
    this.name = 'MissingKeyError';
  }
}

/**
 * Random keys for everything that is neither an access token nor a refresh token. Postgres holds them wrapped under
 * `REFRESH_SECRET`; each is made once, by whichever instance needs it first.
 */
@Injectable()
export class DataKeys implements OnModuleInit {
  private readonly ring: SecretRing;
  private readonly opened = new Map<DataKeyPurpose, Promise<Buffer>>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    config: AppConfig,
  ) {
    this.ring = new SecretRing(config.sessions.refreshSecrets);
  }

  /** Opens all of them, so that a start fails where one cannot be opened. */
  async onModuleInit(): Promise<void> {
    await Promise.all(PURPOSES.map((purpose) => this.key(purpose)));
  }

  /**
   * Returns the 32-byte key of a purpose.
   * @throws UnopenableKeyError where no listed secret opens it
   */
  key(purpose: DataKeyPurpose): Promise<Buffer> {
    const known = this.opened.get(purpose);
    if (known) return known;
    const opening = this.open(purpose);
    this.opened.set(purpose, opening);
    // A failure is not remembered: the database may be back at the next call.
    opening.catch(() => this.opened.delete(purpose));
    return opening;
  }

  /**
   * The same, but makes none: for whoever only reads what it has made.
   * @throws MissingKeyError; UnopenableKeyError
   */
  async existing(purpose: DataKeyPurpose): Promise<Buffer> {
    if (!this.opened.has(purpose) && !(await this.read(purpose))) throw new MissingKeyError(purpose);
    return this.key(purpose);
  }

  private async open(purpose: DataKeyPurpose): Promise<Buffer> {
    const stored = (await this.read(purpose)) ?? (await this.create(purpose));
    const wrapped = { wrapped: stored.wrapped_key, under: stored.wrapped_under };
    const key = unwrapKey(this.ring, WRAPPING, purpose, wrapped);
    if (!key) throw new UnopenableKeyError(`data key "${purpose}"`, 'REFRESH_SECRET', stored.wrapped_under);
    if (stored.wrapped_under !== this.ring.current.id) await this.rewrap(purpose, key, stored.wrapped_under);
    return key;
  }

  private read(purpose: DataKeyPurpose): Promise<DataKeyRow | undefined> {
    return row(this.dataSource, 'SELECT wrapped_key, wrapped_under FROM data_keys WHERE purpose = $1', [purpose]);
  }

  private async create(purpose: DataKeyPurpose): Promise<DataKeyRow> {
    const fresh = wrapKey(this.ring, WRAPPING, purpose, randomBytes(KEY_BYTES));
    await this.dataSource.query(
      `INSERT INTO data_keys (purpose, wrapped_key, wrapped_under, created_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (purpose) DO NOTHING`,
      [purpose, fresh.wrapped, fresh.under, this.clock.now()],
    );
    // Another instance may have been first: what stands in the table is the key.
    const stored = await this.read(purpose);
    if (!stored) throw new Error(`the data key "${purpose}" was not stored`);
    return stored;
  }

  /** Moves a key under the first listed secret, so that a roll-out may drop the old one. */
  private async rewrap(purpose: DataKeyPurpose, key: Buffer, under: string): Promise<void> {
    const fresh = wrapKey(this.ring, WRAPPING, purpose, key);
    await this.dataSource.query(
      'UPDATE data_keys SET wrapped_key = $2, wrapped_under = $3 WHERE purpose = $1 AND wrapped_under = $4',
      [purpose, fresh.wrapped, fresh.under, under],
    );
  }
}
