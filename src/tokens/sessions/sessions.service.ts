import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, LessThan, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { row, rows } from '../../database/sql.js';
import type { ClientContext } from '../../shared/client-context.js';
import { Clock, addSeconds } from '../../shared/clock.js';
import { newSessionId } from '../../shared/ids.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import type { TokenSubject } from '../access/access-token.service.js';
import { RefreshTokens } from './refresh-tokens.js';
import { Revocations } from '../revocation/revocations.js';
import type { RevocationSubject } from '../revocation/revocations.js';
import { asSession } from './session.js';
import type { Session } from './session.js';
import { SessionEntity } from './session.entity.js';

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

/** Why a session ended; a short word for the session's own record and for events. */
export type RevocationReason =
  | 'logout'
  | 'logout_all'
  | 'ended_by_user'
  | 'session_limit'
  | 'registration_replaced'
  | 'refresh_reuse'
  | 'password_changed'
  | 'password_reset'
  | 'mfa_enrolled'
  | 'mfa_reset'
  | 'account_deleted'
  | `admin${string}`;

/**
 * Longer than a request may last or instances may be apart: a refresh that began before its session's end may still save it,
 * and what another instance revoked longer ago has been read by all.
 */
const IN_FLIGHT_SECONDS = 60;

const asSubject = ({ id }: { readonly id: SessionId }): RevocationSubject => ({ kind: 'session', subject: id });

export interface PageOfSessions {
  readonly limit: number;
  /** The last id of the page before. */
  readonly before: SessionId | undefined;
}

/** Opens, lists and revokes sessions. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly refreshTokens: RefreshTokens,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
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
    const { client, amr, userId } = signIn;
    const opened = await row<{ roles: string[]; ver: number; era: number }>(
      tx,
      `WITH subject AS (
         SELECT t.user_id, t.roles, t.ver FROM token_subjects t
         WHERE t.user_id = $1 AND t.credential_version = $2 AND NOT t.disabled FOR SHARE
       ), opened AS (
         INSERT INTO sessions (id, user_id, salt, secret_id, created_at, last_used_at, authenticated_at, idle_expires_at,
                               absolute_expires_at, ip, last_ip, user_agent, last_user_agent, device_name, amr)
         SELECT $3, user_id, $4, $5, $6, $6, $6, $7, $8, $9, $9, $10, $10, $11, $12 FROM subject
       )
       SELECT subject.roles, subject.ver, deployment.era FROM subject CROSS JOIN deployment`,
      [userId, signIn.credentialVersion, id, salt, secretId, now, addSeconds(now, idleSeconds), endsAt].concat([
        client.ip,
        client.userAgent ?? null,
        signIn.deviceName ?? null,
        [...amr],
      ] as never[]),
    );
    if (!opened) return undefined;
    await this.endLongestIdle(tx, userId, id, now);
    return {
      subject: { userId, sessionId: id, ...opened, amr, authenticatedAt: now, endsAt },
      refreshToken: this.refreshTokens.tokenOf({ id, generation: 1, secretId, salt }),
      expiresAt: addSeconds(now, Math.min(idleSeconds, maxAgeSeconds)),
    };
  }

  /**
   * The session's user has shown a second factor since: its tokens say so from the next refresh (RFC 8176).
   * @returns false where it has ended
   */
  async recordSecondFactor(tx: EntityManager, userId: UserId, id: SessionId): Promise<boolean> {
    const recorded = await row(
      tx,
      // All of the user's are locked, in the order in which others end them: two that each held one would wait for one another.
      `WITH live AS MATERIALIZED (
         SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id FOR UPDATE
       )
       UPDATE sessions SET amr = '{pwd,otp}' FROM live WHERE sessions.id = live.id AND live.id = $2 RETURNING live.id`,
      [userId, id],
    );
    return recorded !== undefined;
  }

  /** The user's live sessions, newest first. */
  async listLive(userId: UserId, { limit, before }: PageOfSessions): Promise<Session[]> {
    const now = this.clock.now();
    const found = await this.dataSource.getRepository(SessionEntity).find({
      where: {
        userId,
        revokedAt: IsNull(),
        idleExpiresAt: MoreThan(now),
        absoluteExpiresAt: MoreThan(now),
        ...(before && { id: LessThan(before) }),
      },
      order: { id: 'DESC' },
      take: limit,
    });
    return found.map(asSession);
  }

  /**
   * Revokes one session; one that has ended already is left as it is.
   * @param owner only if it is this user's
   * @returns whether there is such a session
   */
  async revoke(id: SessionId, reason: RevocationReason, owner?: UserId): Promise<boolean> {
    const now = this.clock.now();
    return this.revocations.transaction(async (tx) => {
      const found = await row<{ live: boolean }>(
        tx,
        `WITH target AS (
           SELECT id, revoked_at IS NULL AS live FROM sessions
           WHERE id = $1 AND ($4::uuid IS NULL OR user_id = $4) FOR UPDATE
         ), ended AS (
           UPDATE sessions SET revoked_at = $2, revoked_reason = $3
           WHERE id = (SELECT id FROM target WHERE live)
         )
         SELECT live FROM target`,
        [id, now, reason, owner ?? null],
      );
      const ended = [{ kind: 'session', subject: id }] as const;
      if (found?.live) await this.revocations.append(tx, ended, now);
      else if (found) this.revocations.applyEnded(ended, now);
      return found !== undefined;
    });
  }

  /**
   * Revokes the user's live sessions.
   * @param keep but not this one
   * @returns how many there were
   */
  async revokeAllOf(userId: UserId, reason: RevocationReason, keep?: SessionId): Promise<number> {
    return this.revocations.transaction((tx) => this.endAllOf(tx, userId, reason, this.clock.now(), keep));
  }

  /** The same in the caller's transaction, which must be one of `Revocations.transaction`. */
  async endAllOf(
    tx: EntityManager,
    userId: UserId,
    reason: RevocationReason,
    now: Date,
    keep?: SessionId,
  ): Promise<number> {
    const ended = await rows<{ id: SessionId }>(
      tx,
      `UPDATE sessions SET revoked_at = $2, revoked_reason = $3
       WHERE id IN (SELECT id FROM sessions
                    WHERE user_id = $1 AND revoked_at IS NULL AND ($4::uuid IS NULL OR id <> $4)
                      AND idle_expires_at > $5 AND absolute_expires_at > $5
                    ORDER BY id FOR UPDATE)
       RETURNING id`,
      [userId, now, reason, keep ?? null, addSeconds(now, -IN_FLIGHT_SECONDS)],
    );
    await this.revocations.append(tx, ended.map(asSubject), now);
    await this.applyEndedLately(tx, userId, ended, now);
    return ended.length;
  }

  /** What another call has ended a moment ago is not among those that this one ends, yet must be refused here all the same. */
  private async applyEndedLately(
    tx: EntityManager,
    userId: UserId,
    ended: readonly { readonly id: SessionId }[],
    now: Date,
  ): Promise<void> {
    const lately = await rows<{ id: SessionId }>(
      tx,
      'SELECT id FROM sessions WHERE user_id = $1 AND revoked_at > $2 AND NOT id = ANY ($3)',
      [userId, addSeconds(now, -IN_FLIGHT_SECONDS), ended.map(({ id }) => id)],
    );
    this.revocations.applyEnded(lately.map(asSubject), now);
  }

  /**
   * Ends the longest idle sessions of a user who has more than `SESSIONS_PER_USER`.
   * @param opened the one just opened stays, even where another was used "later" by an instance whose clock is ahead
   */
  private async endLongestIdle(tx: EntityManager, userId: UserId, opened: SessionId, now: Date): Promise<void> {
    const ended = await rows<{ id: SessionId }>(
      tx,
      `UPDATE sessions SET revoked_at = $2, revoked_reason = 'session_limit'
       WHERE id IN (SELECT id FROM sessions
                    WHERE user_id = $1 AND revoked_at IS NULL AND idle_expires_at > $2 AND absolute_expires_at > $2
                    ORDER BY id = $4 DESC, last_used_at DESC, id DESC OFFSET $3)
       RETURNING id`,
      [userId, now, this.config.sessions.perUser, opened],
    );
    await this.revocations.append(tx, ended.map(asSubject), now);
  }
}
