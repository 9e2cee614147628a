import { createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataKeys } from '../../crypto/data-keys.js';
import { row } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { addSeconds } from '../../shared/clock.js';
import type { UserId } from '../../shared/ids.js';
import type { RefreshTokenIn } from '../token-issuer.js';

const LIFE_SECONDS = 5 * 60;
const MOST_TRIES = 5;
/** Of one user at once: whoever has the password may begin as many sign-ins as there are. */
const MOST_OPEN = 20;
const SHAPE = /^mt_[A-Za-z0-9_-]{43}$/;

/** A sign-in whose password was right and whose second factor is still to come. */
export interface MfaChallenge {
  readonly userId: UserId;
  readonly credentialVersion: number;
  /** The known device that it came from, if any. */
  readonly deviceId: string | undefined;
  readonly deviceName: string | undefined;
  readonly refreshTokenIn: RefreshTokenIn;
}

interface ChallengeRow extends Omit<MfaChallenge, 'deviceId' | 'deviceName'> {
  readonly deviceId: string | null;
  readonly deviceName: string | null;
}

/** The second steps of sign-ins: rows of five minutes and five tries, named by an `mfaToken` that is good for one sign-in. */
@Injectable()
export class MfaChallenges {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
  ) {}

  /** @returns the mfaToken, which only a keyed hash of is kept */
  async open(challenge: MfaChallenge, now: Date): Promise<string> {
    const { userId, credentialVersion, deviceId, deviceName, refreshTokenIn } = challenge;
    const mfaToken = `mt_${randomBytes(32).toString('base64url')}`;
    const hash = await this.hashOf(mfaToken);
    await this.dataSource.query(
      `WITH dropped AS (
         DELETE FROM mfa_challenges WHERE token_hash IN (
           SELECT token_hash FROM mfa_challenges WHERE user_id = $2
           ORDER BY created_at DESC OFFSET $9 FOR UPDATE SKIP LOCKED)
       )
       INSERT INTO mfa_challenges (token_hash, user_id, credential_version, device_id, device_name, refresh_token_in, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [hash, userId, credentialVersion, deviceId ?? null, deviceName ?? null, refreshTokenIn].concat([
        now,
        addSeconds(now, LIFE_SECONDS),
        MOST_OPEN - 1,
      ] as never[]),
    );
    return mfaToken;
  }

  /** Counts a try before its code is looked at. @returns undefined where it is unknown, expired, used, or has had five */
  async take(mfaToken: string, now: Date): Promise<MfaChallenge | undefined> {
    if (!SHAPE.test(mfaToken)) return undefined;
    const taken = await row<ChallengeRow>(
      this.dataSource,
      `UPDATE mfa_challenges SET tries = tries + 1 WHERE token_hash = $1 AND expires_at > $2 AND tries < $3
       RETURNING user_id AS "userId", credential_version AS "credentialVersion", device_id AS "deviceId",
                 device_name AS "deviceName", refresh_token_in AS "refreshTokenIn"`,
      [await this.hashOf(mfaToken), now, MOST_TRIES],
    );
    return taken && { ...taken, deviceId: taken.deviceId ?? undefined, deviceName: taken.deviceName ?? undefined };
  }

  /** Takes a try back: no code was looked at after all. */
  async giveBack(mfaToken: string): Promise<void> {
    await this.dataSource.query('UPDATE mfa_challenges SET tries = tries - 1 WHERE token_hash = $1 AND tries > 0', [
      await this.hashOf(mfaToken),
    ]);
  }

  /** Ends it in the sign-in's transaction. @returns false where it has ended already: another sign-in was first */
  async end(tx: Executor, mfaToken: string): Promise<boolean> {
    const hash = await this.hashOf(mfaToken);
    return (
      (await row(tx, 'DELETE FROM mfa_challenges WHERE token_hash = $1 RETURNING token_hash', [hash])) !== undefined
    );
  }

  private async hashOf(mfaToken: string): Promise<Buffer> {
    return createHmac('sha256', await this.dataKeys.key('mfa tokens'))
      .update(mfaToken)
      .digest();
  }
}
