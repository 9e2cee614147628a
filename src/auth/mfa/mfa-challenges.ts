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

const COLUMNS = `
  user_id AS "userId", credential_version AS "credentialVersion", device_id AS "deviceId", device_name AS "deviceName",
  refresh_token_in AS "refreshTokenIn"`;

/** The account's row is locked: a change of its credential that is under way is waited for, one to come ends this, too. */
const OPEN = `
  INSERT INTO mfa_challenges (token_hash, user_id, credential_version, device_id, device_name, refresh_token_in, created_at, expires_at)
  SELECT $1::bytea, id, credential_version, $4::uuid, $5, $6, $7::timestamptz, $8::timestamptz FROM users
  WHERE id = $2 AND credential_version = $3 FOR SHARE`;

/** The oldest of those beyond what a user may have; what others hold is left to them. */
const END_OLDEST = `
  WITH excess AS (
    SELECT token_hash FROM mfa_challenges WHERE user_id = $1 ORDER BY expires_at DESC, token_hash OFFSET ${MOST_OPEN}
  ), ended AS MATERIALIZED (
    SELECT token_hash FROM mfa_challenges WHERE token_hash IN (SELECT token_hash FROM excess) FOR UPDATE SKIP LOCKED
  )
  DELETE FROM mfa_challenges USING ended WHERE mfa_challenges.token_hash = ended.token_hash`;

/** The second steps of sign-ins: rows of five minutes and five tries, named by an `mfaToken` that is good for one sign-in. */
@Injectable()
export class MfaChallenges {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
  ) {}

  /**
   * Begins a second step.
   * @returns the mfaToken, which only a keyed hash of is kept; one that is good for nothing where the credential has
   * changed since it was checked
   */
  async open(challenge: MfaChallenge, now: Date): Promise<string> {
    const { userId, credentialVersion, deviceId, deviceName, refreshTokenIn } = challenge;
    const mfaToken = `mt_${randomBytes(32).toString('base64url')}`;
    const of = [userId, credentialVersion, deviceId ?? null, deviceName ?? null, refreshTokenIn];
    const values = [await this.hashOf(mfaToken), ...of, now, addSeconds(now, LIFE_SECONDS)];
    await this.dataSource.query(OPEN, values);
    // By a statement of its own, which sees what others have opened meanwhile.
    await this.dataSource.query(END_OLDEST, [userId]);
    return mfaToken;
  }

  /** Looks one up, which counts for nothing. */
  async find(mfaToken: string, now: Date): Promise<MfaChallenge | undefined> {
    if (!SHAPE.test(mfaToken)) return undefined;
    return asChallenge(
      await row<ChallengeRow>(
        this.dataSource,
        `SELECT ${COLUMNS} FROM mfa_challenges WHERE token_hash = $1 AND expires_at > $2`,
        [await this.hashOf(mfaToken), now],
      ),
    );
  }

  /** Counts a try before its code is looked at. @returns undefined where it is unknown, expired, used, or has had five */
  async take(mfaToken: string, now: Date): Promise<MfaChallenge | undefined> {
    if (!SHAPE.test(mfaToken)) return undefined;
    return asChallenge(
      await row<ChallengeRow>(
        this.dataSource,
        `UPDATE mfa_challenges SET tries = tries + 1 WHERE token_hash = $1 AND expires_at > $2 AND tries < $3
         RETURNING ${COLUMNS}`,
        [await this.hashOf(mfaToken), now, MOST_TRIES],
      ),
    );
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

const asChallenge = (found: ChallengeRow | undefined): MfaChallenge | undefined =>
  found && { ...found, deviceId: found.deviceId ?? undefined, deviceName: found.deviceName ?? undefined };
