import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { prepared } from '../../database/prepared-statements.js';
import { row, rows } from '../../database/sql.js';
import type { ClientContext } from '../../shared/client-context.js';
import { addSeconds } from '../../shared/clock.js';
import { newSessionId } from '../../shared/ids.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import type { TokenSubject } from '../access/access-token-issuer.js';
import { Revocations } from '../revocation/revocations.js';
import { NOT_REVOKED, notExpired } from './live-session.js';
import { RefreshTokens } from './refresh-tokens.js';
import { SessionEvents } from './session-events.js';
import { passSignInGate } from './sign-in-gate.js';

export interface SignIn {
  readonly userId: UserId;
  /** The version of the credential that was checked: a session opens only while it is still the current one. */
  readonly credentialVersion: number;
  readonly amr: readonly string[];
  readonly deviceName: string | undefined;
  readonly client: ClientContext;
}

export interface OpenedSession {
  readonly subject: TokenSubject;
  readonly refreshToken: string;
  /** When the session ends by itself, unless it is refreshed. */
  readonly expiresAt: Date;
}

const OPEN = prepared(`
  WITH subject AS (
    SELECT t.user_id, t.roles, t.ver FROM token_subjects t
    WHERE t.user_id = $1 AND t.credential_version = $2 AND NOT t.disabled FOR SHARE
  ), opened AS (
    INSERT INTO sessions (id, user_id, salt, secret_id, created_at, last_used_at, authenticated_at, idle_expires_at,
                          absolute_expires_at, ip, last_ip, user_agent, last_user_agent, device_name, amr, era)
    SELECT $3, subject.user_id, $4, $5, $6, $6, $6, $7, $8, $9, $9, $10, $10, $11, $12, deployment.era
    FROM subject CROSS JOIN deployment
  )
  SELECT subject.roles, subject.ver, deployment.era FROM subject CROSS JOIN deployment`);

/** In the order in which others end them: two that each held one of the same would wait for one another. */
const END_LONGEST_IDLE = prepared(`
  UPDATE sessions SET revoked_at = $2, revoked_reason = 'session_limit'
  WHERE id IN (SELECT id FROM sessions
               WHERE revoked_at IS NULL AND id IN (
                 SELECT id FROM sessions WHERE user_id = $1 AND ${NOT_REVOKED} AND ${notExpired('$2')}
                 ORDER BY id = $4 DESC, last_used_at DESC, id DESC OFFSET $3)
               ORDER BY id FOR UPDATE)
  RETURNING id`);

/** Opens the sessions of sign-ins. */
@Injectable()
export class SessionOpening {
  constructor(
    private readonly refreshTokens: RefreshTokens,
    private readonly revocations: Revocations,
    private readonly events: SessionEvents,
    private readonly config: AppConfig,
  ) {}

  /**
   * Opens a session in the caller's transaction, which must be one of `Revocations.transaction`.
   * @returns undefined where the credential was changed or the user disabled since it was checked
   */
  async open(tx: EntityManager, signIn: SignIn, now: Date): Promise<OpenedSession | undefined> {
    const { idleSeconds, maxAgeSeconds } = this.config.sessions;
    const id = newSessionId();
    const salt = randomBytes(32);
    const secretId = this.refreshTokens.currentSecretId;
    const endsAt = addSeconds(now, maxAgeSeconds);
    const { client, amr, userId, credentialVersion, deviceName = null } = signIn;
    const { ip, userAgent = null } = client;
    const times = [now, addSeconds(now, idleSeconds), endsAt];
    const values = [userId, credentialVersion, id, salt, secretId, ...times, ip, userAgent, deviceName, [...amr]];
    await passSignInGate(tx);
    const opened = await row<{ roles: string[]; ver: number; era: number }>(tx, OPEN, values);
    if (!opened) return undefined;
    await this.endLongestIdle(tx, signIn, id, now);
    return {
      subject: { userId, sessionId: id, ...opened, amr, authenticatedAt: now, endsAt },
      refreshToken: this.refreshTokens.tokenOf({ id, generation: 1, secretId, salt }),
      expiresAt: addSeconds(now, Math.min(idleSeconds, maxAgeSeconds)),
    };
  }

  /**
   * Ends the longest idle sessions of a user who has more than `SESSIONS_PER_USER`.
   * @param opened the one just opened stays, even where another was used "later" by an instance whose clock is ahead
   */
  private async endLongestIdle(
    tx: EntityManager,
    { userId, client }: SignIn,
    opened: SessionId,
    now: Date,
  ): Promise<void> {
    const values = [userId, now, this.config.sessions.perUser, opened];
    const ids = (await rows<{ id: SessionId }>(tx, END_LONGEST_IDLE, values)).map(({ id }) => id);
    await this.revocations.append(
      tx,
      ids.map((subject) => ({ kind: 'session', subject })),
      now,
    );
    await this.events.replaced(tx, { userId, reason: 'session_limit', ids }, client, now);
  }
}
