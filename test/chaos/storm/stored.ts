import { onServer } from '../../support/database.js';

export interface StoredSession {
  readonly id: string;
  readonly userId: string;
  readonly generation: number;
  readonly isRevoked: boolean;
  readonly reason: string | null;
}

interface StoredUser {
  readonly id: string;
  readonly email: string;
  readonly name: string | null;
  readonly roles: readonly string[];
  readonly disabled: boolean;
}

export interface StoredEvent {
  readonly type: string;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly outcome: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What Postgres holds after a storm. */
export interface Stored {
  readonly sessions: readonly StoredSession[];
  readonly users: readonly StoredUser[];
  readonly events: readonly StoredEvent[];
  /** Mails that wait: for whom, and what about. */
  readonly owed: readonly { readonly purpose: string; readonly userId: string | null }[];
}

export const readStored = (url: string): Promise<Stored> =>
  onServer(async (query) => {
    const all = async (text: string): Promise<unknown> =>
      (await query(`SELECT json_agg(found) AS found FROM (${text}) found`))[0]?.found ?? [];
    return {
      sessions: await all(
        `SELECT id, user_id AS "userId", generation, revoked_at IS NOT NULL AS "isRevoked", revoked_reason AS reason FROM sessions`,
      ),
      users: await all(`SELECT id, email, name, roles, disabled_at IS NOT NULL AS disabled FROM users`),
      events: await all(
        `SELECT type, user_id AS "userId", session_id AS "sessionId", outcome, details FROM audit_events
         WHERE type NOT IN ('authz_admin', 'authn_login_fail')`,
      ),
      owed: await all(`SELECT purpose, user_id AS "userId" FROM mail_outbox`),
    } as Stored;
  }, url);
