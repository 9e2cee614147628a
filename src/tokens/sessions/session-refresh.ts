import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { row } from '../../database/sql.js';
import type { ClientContext } from '../../shared/client-context.js';
import { Clock, addSeconds, earlierOf } from '../../shared/clock.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import type { TokenSubject } from '../access/access-token.service.js';
import { decideRefresh } from './refresh-decision.js';
import type { RefreshDecision, RefreshState } from './refresh-decision.js';
import type { PresentedRefreshToken } from './refresh-token.js';
import { RefreshTokens } from './refresh-tokens.js';
import type { RefreshTokenSource } from './refresh-tokens.js';
import { Revocations } from '../revocation/revocations.js';

/** A compare-and-swap that lost reads again; each loss means that another request moved the session on. */
const MAX_ATTEMPTS = 8;

export interface RefreshRequestData {
  readonly presented: PresentedRefreshToken;
  readonly idempotencyKey: string | undefined;
  readonly client: ClientContext;
}

export interface GrantedRefresh {
  readonly outcome: 'rotated' | 'repeated' | 'resumed';
  readonly subject: TokenSubject;
  readonly refreshToken: string;
  readonly expiresAt: Date;
}

/** What a refresh came to. The table in the contract, §2, says what each is answered with. */
export type RefreshOutcome =
  GrantedRefresh | { readonly outcome: 'superseded' | 'reused' | 'expired' | 'revoked' | 'invalid' };

interface RefreshRow extends RefreshState, RefreshTokenSource {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
  readonly lastIp: string;
  readonly lastUserAgent: string | null;
  readonly roles: readonly string[];
  readonly ver: number;
  readonly era: number;
  readonly disabled: boolean;
}

const READ = `
  SELECT s.id, s.user_id AS "userId", s.generation, s.salt, s.secret_id AS "secretId", s.rotated_at AS "rotatedAt",
         s.previous_rotated_at AS "previousRotatedAt", s.idempotency_key_hash AS "idempotencyKeyHash",
         s.idle_expires_at AS "idleExpiresAt", s.absolute_expires_at AS "absoluteExpiresAt", s.revoked_at AS "revokedAt",
         s.amr, s.authenticated_at AS "authenticatedAt", s.last_ip AS "lastIp", s.last_user_agent AS "lastUserAgent",
         t.roles, t.ver, t.disabled, d.era
  FROM sessions s JOIN token_subjects t ON t.user_id = s.user_id CROSS JOIN deployment d
  WHERE s.id = $1`;

const ADVANCE = `
  UPDATE sessions
  SET generation = $3, secret_id = $4, previous_rotated_at = rotated_at, rotated_at = $5, last_used_at = $5,
      idle_expires_at = $6, idempotency_key_hash = $7, last_ip = $8, last_user_agent = $9
  WHERE id = $1 AND generation = $2 AND revoked_at IS NULL
  RETURNING id`;

/** Advances sessions: the refresh of the contract, §2. */
@Injectable()
export class SessionRefresh {
  private readonly logger = new Logger(SessionRefresh.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly refreshTokens: RefreshTokens,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /**
   * Answers a presented refresh token: advances its session by one generation, repeats the last answer, or refuses.
   * A spent one from outside the grace revokes the session (RFC 9700 §4.14.2), and that is committed before this returns.
   */
  async refresh(request: RefreshRequestData): Promise<RefreshOutcome> {
    const now = this.clock.now();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const session = await this.readAuthentic(request.presented);
      if (!session) return { outcome: 'invalid' };
      const outcome = await this.settle(session, this.decide(session, request, now), request, now);
      if (outcome) return outcome;
    }
    // Others moved it on so often meanwhile that this token is well behind by now.
    return { outcome: 'superseded' };
  }

  /** The session that a refresh token names, if the token was really made for it. */
  async readAuthentic(presented: PresentedRefreshToken): Promise<RefreshRow | undefined> {
    const session = await row<RefreshRow>(this.dataSource, READ, [presented.sessionId]);
    return session && this.refreshTokens.isAuthentic(presented, session.salt) ? session : undefined;
  }

  /** The session of a refresh token that would advance it now; looking changes nothing. */
  async readCurrent(presented: PresentedRefreshToken): Promise<GrantedRefresh | undefined> {
    const session = await this.readAuthentic(presented);
    const request = { presented, idempotencyKey: undefined };
    if (!session || this.decide(session, request, this.clock.now()) !== 'rotate') return undefined;
    return this.granted(session, 'rotated');
  }

  private decide(session: RefreshRow, request: Omit<RefreshRequestData, 'client'>, now: Date): RefreshDecision {
    if (session.disabled) return 'revoked';
    return decideRefresh(session, {
      generation: request.presented.generation,
      idempotencyKeyHash: hashOf(request.idempotencyKey),
      now,
      graceSeconds: this.config.sessions.graceSeconds,
    });
  }

  /** @returns undefined where another request moved the session on meanwhile: read and decide again */
  private async settle(
    session: RefreshRow,
    decision: RefreshDecision,
    request: RefreshRequestData,
    now: Date,
  ): Promise<RefreshOutcome | undefined> {
    switch (decision) {
      case 'rotate':
        return this.advance(session, 'rotated', request, now);
      case 'resume':
        return this.advance(session, 'resumed', request, now);
      case 'repeat':
        return this.granted(session, 'repeated');
      case 'reuse':
        await this.revokeReused(session, request, now);
        return { outcome: 'reused' };
      case 'superseded':
      case 'expired':
      case 'revoked':
        return { outcome: decision };
    }
  }

  /** One compare-and-swap: of any number of racers exactly one writes. */
  private async advance(
    session: RefreshRow,
    outcome: 'rotated' | 'resumed',
    { presented, idempotencyKey, client }: RefreshRequestData,
    now: Date,
  ): Promise<RefreshOutcome | undefined> {
    const generation = presented.generation + 1;
    const secretId = this.refreshTokens.currentSecretId;
    const idleExpiresAt = addSeconds(now, this.config.sessions.idleSeconds);
    const keyHash = hashOf(idempotencyKey);
    const written = await row<{ id: SessionId }>(this.dataSource, ADVANCE, [
      session.id,
      session.generation,
      generation,
      secretId,
      now,
      idleExpiresAt,
      keyHash,
      client.ip,
      client.userAgent ?? null,
    ]);
    if (!written) return undefined;
    if (outcome === 'resumed')
      this.logger.warn(`session ${session.id} went on from a generation the database had lost`);
    return this.granted({ ...session, generation, secretId, idleExpiresAt }, outcome);
  }

  private granted(session: RefreshRow, outcome: GrantedRefresh['outcome']): GrantedRefresh {
    const { userId, roles, ver, era, amr, authenticatedAt } = session;
    const endsAt = earlierOf(session.idleExpiresAt, session.absoluteExpiresAt);
    return {
      outcome,
      subject: { userId, sessionId: session.id, roles, ver, era, amr, authenticatedAt, endsAt },
      refreshToken: this.refreshTokens.tokenOf(session),
      expiresAt: endsAt,
    };
  }

  private async revokeReused(session: RefreshRow, { presented, client }: RefreshRequestData, now: Date): Promise<void> {
    await this.revocations.transaction(async (tx) => {
      const ended = await row<{ id: SessionId }>(
        tx,
        `UPDATE sessions SET revoked_at = $2, revoked_reason = 'refresh_reuse'
         WHERE id = $1 AND revoked_at IS NULL RETURNING id`,
        [session.id, now],
      );
      if (ended) await this.revocations.append(tx, [{ kind: 'session', subject: session.id }], now);
    });
    this.logger.warn(
      `refresh token reused: session ${session.id}, generation ${presented.generation} of ${session.generation}, ` +
        `from ${client.ip}; last used rightfully from ${session.lastIp}`,
    );
  }
}

/** Only a hash is kept: what a client chose as its key may say something. */
function hashOf(idempotencyKey: string | undefined): Buffer | null {
  return idempotencyKey === undefined ? null : createHash('sha256').update(idempotencyKey, 'utf8').digest();
}
