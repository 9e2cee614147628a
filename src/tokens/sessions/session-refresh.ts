import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { row } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import type { ClientContext } from '../../shared/client-context.js';
import { Clock, addSeconds, earlierOf } from '../../shared/clock.js';
import type { SessionId } from '../../shared/ids.js';
import type { TokenSubject } from '../access/access-token-issuer.js';
import { decideRefresh } from './refresh-decision.js';
import type { RefreshDecision } from './refresh-decision.js';
import { RefreshEvents } from './refresh-events.js';
import { advanceRow, readRefreshRow } from './refresh-row.js';
import type { RefreshRow } from './refresh-row.js';
import type { PresentedRefreshToken } from './refresh-token.js';
import { RefreshTokens } from './refresh-tokens.js';
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

/** Advances sessions: the refresh of the contract, §2. */
@Injectable()
export class SessionRefresh {
  constructor(
    private readonly dataSource: DataSource,
    private readonly refreshTokens: RefreshTokens,
    private readonly revocations: Revocations,
    private readonly events: RefreshEvents,
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
    const session = await readRefreshRow(this.dataSource, presented.sessionId);
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
    if (session.disabled || session.isOfOlderEra) return 'revoked';
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
        return this.advance(this.dataSource, session, 'rotated', request, now);
      case 'resume':
        return this.resume(session, request, now);
      case 'repeat':
        await this.noteSuspectRepeat(session, request, now);
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

  /** @returns undefined where another racer was first */
  private async advance(
    on: Executor,
    session: RefreshRow,
    outcome: 'rotated' | 'resumed',
    { presented, idempotencyKey, client }: RefreshRequestData,
    now: Date,
  ): Promise<RefreshOutcome | undefined> {
    const generation = presented.generation + 1;
    const secretId = this.refreshTokens.currentSecretId;
    const idleExpiresAt = addSeconds(now, this.config.sessions.idleSeconds);
    const idempotencyKeyHash = hashOf(idempotencyKey);
    const { ip, userAgent = null } = client;
    const next = { generation, secretId, idleExpiresAt, idempotencyKeyHash, ip, userAgent };
    const advanced = await advanceRow(on, session, next, now);
    return advanced && this.granted({ ...session, ...advanced, generation, secretId, idleExpiresAt }, outcome);
  }

  /** The database has gone back in time: the client's generation is the truth. */
  private resume(session: RefreshRow, request: RefreshRequestData, now: Date): Promise<RefreshOutcome | undefined> {
    return this.dataSource.transaction(async (tx) => {
      const resumed = await this.advance(tx, session, 'resumed', request, now);
      if (resumed) await this.events.resumed(tx, session, request, now);
      return resumed;
    });
  }

  /** A repeat from where the session was not used last may be a thief's, or a telephone's that changed networks. */
  private async noteSuspectRepeat(session: RefreshRow, request: RefreshRequestData, now: Date): Promise<void> {
    const { ip, userAgent } = request.client;
    if (ip === session.lastIp && (userAgent ?? null) === session.lastUserAgent) return;
    await this.events.suspectRepeat(session, request, now);
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

  private async revokeReused(session: RefreshRow, request: RefreshRequestData, now: Date): Promise<void> {
    await this.revocations.transaction(async (tx) => {
      const ended = await row<{ id: SessionId }>(
        tx,
        `UPDATE sessions SET revoked_at = $2, revoked_reason = 'refresh_reuse'
         WHERE id = $1 AND revoked_at IS NULL RETURNING id`,
        [session.id, now],
      );
      const revoked = [{ kind: 'session', subject: session.id }] as const;
      if (!ended) {
        this.revocations.applyEnded(revoked, now);
        return;
      }
      await this.revocations.append(tx, revoked, now);
      await this.events.reused(tx, session, request, now);
    });
  }
}

/** Only a hash is kept: what a client chose as its key may say something. */
function hashOf(idempotencyKey: string | undefined): Buffer | null {
  return idempotencyKey === undefined ? null : createHash('sha256').update(idempotencyKey, 'utf8').digest();
}
