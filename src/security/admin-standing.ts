import { row } from '../database/sql.js';
import type { Executor } from '../database/sql.js';
import type { Principal } from './principal.js';
import { TokenRevokedError, TokenStaleError } from './security.errors.js';

const STANDING = `
  SELECT s.revoked_at IS NULL AND s.era >= d.era AS "isOpen",
         NOT t.disabled AND 'admin' = ANY (t.roles) AND t.ver = $3 AS "isCurrent"
  FROM token_subjects t JOIN sessions s ON s.user_id = t.user_id CROSS JOIN deployment d
  WHERE t.user_id = $1 AND s.id = $2`;

/**
 * Makes sure, in the transaction of what an admin does, that the caller still is one. The guard looked before; a call that then
 * waited behind the one that demoted its caller must not undo it.
 * @param tx after the locks that it has to wait for
 * @throws TokenRevokedError, TokenStaleError
 */
export async function assertStillAdmin(tx: Executor, { userId, sessionId, ver }: Principal): Promise<void> {
  const standing = await row<{ isOpen: boolean; isCurrent: boolean }>(tx, STANDING, [userId, sessionId, ver]);
  if (!standing?.isOpen) throw new TokenRevokedError();
  if (!standing.isCurrent) throw new TokenStaleError();
}
