import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { row } from '../database/sql.js';
import type { UserId } from '../shared/ids.js';
import { toAccount } from './account.js';
import type { Account } from './account.js';
import { UserEntity } from './user.entity.js';

/** What admins decide of an account, in a transaction of the caller's, who sees to what else the change ends. */
@Injectable()
export class ManagedAccounts {
  /** Locks an account, so that it stays as it is read until the transaction ends. */
  async lock(tx: EntityManager, userId: UserId): Promise<Account | undefined> {
    const user = await tx.getRepository(UserEntity).findOne({
      where: { id: userId },
      lock: { mode: 'pessimistic_write' },
    });
    return user ? toAccount(user) : undefined;
  }

  /** Of a locked account. @returns the security version from which on tokens say so */
  async setRoles(tx: EntityManager, userId: UserId, roles: readonly string[]): Promise<number> {
    const set = await row<{ ver: number }>(
      tx,
      'UPDATE users SET roles = $2, ver = ver + 1 WHERE id = $1 RETURNING ver',
      [userId, roles],
    );
    if (!set) throw new Error('the account is gone, though its row is locked');
    return set.ver;
  }

  /** @param disabledAt null enables it again. @returns false where it was so already */
  async setDisabled(tx: EntityManager, userId: UserId, disabledAt: Date | null): Promise<boolean> {
    const set = await row(
      tx,
      `UPDATE users SET disabled_at = $2
       WHERE id = $1 AND (disabled_at IS NULL) <> ($2::timestamptz IS NULL) RETURNING id`,
      [userId, disabledAt],
    );
    return set !== undefined;
  }

  /** @param name normalised; null clears it. @returns false where it was so already */
  async setName(tx: EntityManager, userId: UserId, name: string | null): Promise<boolean> {
    const set = await row(tx, 'UPDATE users SET name = $2 WHERE id = $1 AND name IS DISTINCT FROM $2 RETURNING id', [
      userId,
      name,
    ]);
    return set !== undefined;
  }
}
