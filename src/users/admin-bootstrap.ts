import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { AppConfig } from '../config/app-config.js';
import { row } from '../database/sql.js';
import type { Executor } from '../database/sql.js';
import { Clock } from '../shared/clock.js';
import { newUserId } from '../shared/ids.js';
import type { UserId } from '../shared/ids.js';
import type { Secret } from '../shared/secret.js';
import { lockAdmins } from './admin-lock.js';
import { normaliseEmail } from './email-address.js';
import type { EmailAddress } from './email-address.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';
import { PasswordWeakError } from './users.errors.js';

/** The first admin cannot be made as configured. The message names the variable, never its value. */
export class AdminBootstrapError extends Error {
  override readonly name = 'AdminBootstrapError';
}

export interface FirstAdmin {
  readonly email: string;
  readonly password: Secret;
}

/** Makes the first admin from `ADMIN_EMAIL` and `ADMIN_PASSWORD`, while there is none. */
@Injectable()
export class AdminBootstrap implements OnApplicationBootstrap {
  private readonly logger = new Logger(AdminBootstrap.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly audit: AuditLog,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { adminEmail, adminPassword } = this.config.accounts;
    if (adminEmail === undefined || adminPassword === undefined) return;
    await this.ensureAdmin({ email: adminEmail, password: adminPassword });
  }

  /**
   * Creates a verified account with the role `admin`; never changes an existing one.
   * @throws AdminBootstrapError where address or password will not do, or the address is another account's
   */
  async ensureAdmin(admin: FirstAdmin): Promise<'created' | 'exists'> {
    if (await hasAdmin(this.dataSource)) return 'exists';
    const email = normaliseEmail(admin.email);
    if (!email) throw new AdminBootstrapError('ADMIN_EMAIL must be an e-mail address.');
    const hash = await this.checkAndHash(email, admin.password);
    const outcome = await this.create(email, hash, this.clock.now());
    if (outcome === 'taken') {
      throw new AdminBootstrapError('ADMIN_EMAIL is the address of an account that is not an admin.');
    }
    return outcome;
  }

  private async checkAndHash(email: EmailAddress, password: Secret): Promise<string> {
    try {
      await this.policy.check(password.reveal(), { email });
    } catch (error) {
      if (error instanceof PasswordWeakError) throw new AdminBootstrapError(`ADMIN_PASSWORD: ${error.detail}`);
      throw error;
    }
    return this.hasher.hash(password.reveal());
  }

  private create(email: EmailAddress, hash: string, now: Date): Promise<'created' | 'exists' | 'taken'> {
    return this.dataSource.transaction(async (tx) => {
      await lockAdmins(tx);
      // Another instance may have been first while this one hashed.
      if (await hasAdmin(tx)) return 'exists';
      const created = await row<{ id: UserId }>(
        tx,
        `INSERT INTO users (id, email, email_verified_at, password_hash, roles, created_at)
         VALUES ($1, $2, $4, $3, '{admin}', $4) ON CONFLICT (email) DO NOTHING RETURNING id`,
        [newUserId(), email, hash, now],
      );
      if (!created) return 'taken';
      const details = { by: 'ADMIN_EMAIL', role: 'admin' };
      const event = { type: 'user_created', at: now, userId: created.id, outcome: 'success', details } as const;
      await this.audit.append(event, tx);
      this.logger.log(`Created the first admin: ${created.id}`);
      return 'created';
    });
  }
}

async function hasAdmin(on: Executor): Promise<boolean> {
  return (await row(on, `SELECT 1 FROM users WHERE 'admin' = ANY (roles) LIMIT 1`)) !== undefined;
}
