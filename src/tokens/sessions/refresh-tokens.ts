import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { SecretRing } from '../../crypto/secret-ring.js';
import type { SessionId } from '../../shared/ids.js';
import { REFRESH_TOKEN_PURPOSE, encodeRefreshToken, isAuthentic } from './refresh-token.js';
import type { PresentedRefreshToken } from './refresh-token.js';
import { RefreshInvalidError } from '../tokens.errors.js';

/** What a session's current refresh token is made of. */
export interface RefreshTokenSource {
  readonly id: SessionId;
  readonly generation: number;
  readonly secretId: string;
  readonly salt: Buffer;
}

/** Makes and checks refresh tokens under the configured `REFRESH_SECRET` list. */
@Injectable()
export class RefreshTokens {
  private readonly ring: SecretRing;

  constructor(config: AppConfig) {
    this.ring = new SecretRing(config.sessions.refreshSecrets);
  }

  /** The id of the secret that new tokens are made with. */
  get currentSecretId(): string {
    return this.ring.current.id;
  }

  /**
   * The refresh token of the session's current generation, the same text each time.
   * @throws RefreshInvalidError where the secret that made it has left the list
   */
  tokenOf({ id, generation, secretId, salt }: RefreshTokenSource): string {
    const key = this.ring.keyFor(secretId, REFRESH_TOKEN_PURPOSE);
    if (!key) throw new RefreshInvalidError(`the secret ${secretId} is no longer listed`);
    return encodeRefreshToken({ sessionId: id, generation, secretId }, salt, key);
  }

  isAuthentic(presented: PresentedRefreshToken, salt: Buffer): boolean {
    const key = this.ring.keyFor(presented.secretId, REFRESH_TOKEN_PURPOSE);
    return key !== undefined && isAuthentic(presented, salt, key);
  }
}
