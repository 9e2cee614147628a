import { createHmac } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { DataKeys } from '../../crypto/data-keys.js';
import { row, rows } from '../../database/sql.js';
import { Clock, addSeconds } from '../../shared/clock.js';
import type { EmailAddress } from '../email-address.js';

/** Scheme and cost of a hash: how its text begins. */
type Scheme = string;

interface Share {
  readonly scheme: Scheme;
  readonly accounts: number;
}

/** How long a look at the table is good for, in seconds. */
const FRESH_SECONDS = 10 * 60;
/** So many accounts say well enough how many of each scheme there are. */
const SAMPLE = 20_000;
/** Of no password: the lengths, and the bits that an encoder leaves unset, are those of a real one. */
const BCRYPT_REST = `${'A'.repeat(21)}.${'A'.repeat(30)}.`;
const ARGON2ID_REST = `${'A'.repeat(22)}$${'A'.repeat(43)}`;

const SHARES = `
  SELECT substring(password_hash FROM '^(?:\\$2[aby]\\$\\d\\d|\\$argon2id\\$v=19\\$[^$]+)') AS scheme, count(*)::integer AS accounts
  FROM users TABLESAMPLE SYSTEM ($1) WHERE password_hash IS NOT NULL GROUP BY 1 ORDER BY 1`;

/**
 * Hashes for addresses that have none, so that checking them takes what it takes for one that has: of the schemes and costs
 * that accounts have, imported ones included, in the same proportions. Which of them an address gets depends on a keyed
 * hash of it, so that it is the same each time.
 */
@Injectable()
export class DecoyHashes {
  private readonly logger = new Logger(DecoyHashes.name);
  private shares: readonly Share[] = [];
  private staleAt: Date | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /** @returns an encoded hash that no password matches */
  async of(email: EmailAddress): Promise<string> {
    const now = this.clock.now();
    // The first waits for it; later ones go by what is known, so that none takes longer than another.
    if (!this.staleAt) await this.look(now);
    else if (this.staleAt <= now) void this.look(now);
    return encoded(schemeAt(this.shares, await this.pointOf(email)) ?? this.ownScheme);
  }

  /** Counts anew what schemes there are. */
  async look(now: Date): Promise<void> {
    this.staleAt = addSeconds(now, FRESH_SECONDS);
    try {
      const table = await row<{ rows: number }>(
        this.dataSource,
        `SELECT reltuples::integer AS rows FROM pg_class WHERE oid = 'users'::regclass`,
      );
      const percent = Math.min(100, (100 * SAMPLE) / Math.max(1, table?.rows ?? 1));
      this.shares = await rows<Share>(this.dataSource, SHARES, [percent]);
    } catch (error) {
      this.logger.warn(`The schemes of password hashes could not be counted: ${String(error)}`);
    }
  }

  /** At least 0 and less than 1, evenly. */
  private async pointOf(email: EmailAddress): Promise<number> {
    const mac = createHmac('sha256', await this.dataKeys.key('guesses'))
      .update(JSON.stringify(['decoy', email]))
      .digest();
    return mac.readUIntBE(0, 6) / 2 ** 48;
  }

  private get ownScheme(): Scheme {
    const { argon2MemoryKiB, argon2Time } = this.config.passwords;
    return `$argon2id$v=19$m=${argon2MemoryKiB},t=${argon2Time},p=1`;
  }
}

function schemeAt(shares: readonly Share[], point: number): Scheme | undefined {
  let left = point * shares.reduce((sum, { accounts }) => sum + accounts, 0);
  return shares.find(({ accounts }) => (left -= accounts) < 0)?.scheme;
}

const encoded = (scheme: Scheme): string => `${scheme}$${scheme.startsWith('$2') ? BCRYPT_REST : ARGON2ID_REST}`;
