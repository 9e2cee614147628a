import { rows } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { newUserId } from '../../shared/ids.js';
import type { UserId } from '../../shared/ids.js';
import type { ImportedAccount } from './imported-account.js';

/** In the order of addresses, so that two imports at once wait for each other instead of crosswise; of the same address the first. */
const INSERT = `
  INSERT INTO users (id, email, name, password_hash, roles, email_verified_at, created_at)
  SELECT id, email, name, password_hash, string_to_array(roles, ','), CASE WHEN verified THEN $7::timestamptz END, $7
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[])
    AS line (id, email, name, password_hash, roles, verified)
  ORDER BY email, id
  ON CONFLICT (email) DO NOTHING
  RETURNING id, 'admin' = ANY (roles) AS "isAdmin"`;

export interface CreatedAccount {
  readonly id: UserId;
  readonly isAdmin: boolean;
}

/** Creates the accounts whose address has none yet, in one statement; the others are left as they are. */
export function insertImported(
  tx: Executor,
  accounts: readonly ImportedAccount[],
  now: Date,
): Promise<CreatedAccount[]> {
  const column = <Value>(read: (account: ImportedAccount) => Value): Value[] => accounts.map(read);
  return rows(tx, INSERT, [
    column(newUserId),
    column(({ email }) => email),
    column(({ name }) => name ?? null),
    column(({ passwordHash }) => passwordHash ?? null),
    column(({ roles }) => roles.join(',')),
    column(({ emailVerified }) => emailVerified),
    now,
  ]);
}
