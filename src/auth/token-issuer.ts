import { Injectable } from '@nestjs/common';
import { secondsUntil } from '../shared/clock.js';
import { AccessTokenIssuer } from '../tokens/access/access-token-issuer.js';
import type { TokenSubject } from '../tokens/access/access-token-issuer.js';
import type { Account } from '../users/account.js';
import { DeviceTokens } from './guesses/device-tokens.js';

/** Where a client wants its refresh token: in the answer's body, or in a cookie that no script reads. */
export type RefreshTokenIn = 'body' | 'cookie';

/** What a sign-in or a refresh hands over; lifetimes in seconds from now. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
  readonly refreshExpiresInSeconds: number;
  readonly sessionId: string;
  /** Of a sign-in only. */
  readonly deviceToken?: string;
}

/** A session that was just opened or advanced. */
export interface GrantedSession {
  readonly subject: TokenSubject;
  readonly refreshToken: string;
  readonly expiresAt: Date;
}

/** Makes the tokens of a session that has been granted: after the commit, since signing takes time. */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly accessTokens: AccessTokenIssuer,
    private readonly devices: DeviceTokens,
  ) {}

  /** @param deviceId of the known device that the sign-in came from; without one the device is known from now on */
  async issueForSignIn(
    session: GrantedSession,
    account: Account,
    deviceId: string | undefined,
    now: Date,
  ): Promise<IssuedTokens> {
    return { ...this.issue(session, now), deviceToken: await this.devices.issue(account, deviceId, now) };
  }

  issue({ subject, refreshToken, expiresAt }: GrantedSession, now: Date): IssuedTokens {
    const { accessToken, expiresInSeconds } = this.accessTokens.issue(subject, now);
    const refreshExpiresInSeconds = secondsUntil(expiresAt, now);
    return { accessToken, expiresInSeconds, refreshToken, refreshExpiresInSeconds, sessionId: subject.sessionId };
  }
}
