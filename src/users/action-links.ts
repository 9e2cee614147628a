import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { row } from '../database/sql.js';
import type { Executor } from '../database/sql.js';
import { addSeconds } from '../shared/clock.js';
import type { UserId } from '../shared/ids.js';
import { LINK_LIFE_SECONDS } from '../shared/link-lives.js';
import type { LinkPurpose } from '../shared/link-lives.js';
import type { EmailAddress } from './email-address.js';

/** 256 random bits: looked up by a plain hash, since nobody guesses one. */
const TOKEN_BYTES = 32;
const SHAPE = /^al_[A-Za-z0-9_-]{43}$/;

/** What a link may be used for, and by whom. */
export interface ActionLink {
  readonly userId: UserId;
  readonly purpose: LinkPurpose;
  /** The address that it was mailed to: the account's at that time or, of `email_change`, the one it is to have. */
  readonly email: EmailAddress;
}

export interface NewLink extends ActionLink {
  /** The account as it was when its address was read: a link of another one is not for whoever reads that mailbox. */
  readonly credentialVersion: number;
  /** A link that was asked for earlier never ends one that was asked for later, however late its mail is. */
  readonly askedAt: Date;
}

/** Whose link has just been used. The account's row is locked. */
export interface LinkOwner {
  readonly email: EmailAddress;
  readonly verified: boolean;
}

/**
 * The account's row is locked, so that a change of its credential that is under way is waited for, and one to come ends
 * this link, too.
 */
const CREATE = `
  INSERT INTO action_links AS old (user_id, purpose, token_hash, email, created_at, expires_at)
  SELECT id, $2, $3::bytea, $4, $5::timestamptz, $6::timestamptz FROM users
  WHERE id = $1 AND credential_version = $7 AND disabled_at IS NULL FOR SHARE
  ON CONFLICT (user_id, purpose) DO UPDATE
    SET token_hash = excluded.token_hash, email = excluded.email, created_at = excluded.created_at,
        expires_at = excluded.expires_at
    WHERE old.created_at <= excluded.created_at
  RETURNING user_id`;

/** The tokens of mailed links: random, stored as hashes, good once and for a short while, ended by a newer one. */
@Injectable()
export class ActionLinks {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Makes a link's token, and ends an older one of the same purpose.
   * @param on a transaction of the caller's, where more belongs to it
   * @returns undefined where the account has changed since it was read, is gone or disabled, or a newer link was asked for
   */
  async create(link: NewLink, now: Date, on: Executor = this.dataSource): Promise<string | undefined> {
    const { userId, purpose, email, credentialVersion, askedAt } = link;
    const token = `al_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
    const expiresAt = addSeconds(now, LINK_LIFE_SECONDS[purpose]);
    const values = [userId, purpose, hashOf(token), email, askedAt, expiresAt, credentialVersion];
    return (await row(on, CREATE, values)) === undefined ? undefined : token;
  }

  /** Looks a token up, which changes nothing. One whose form is wrong never reaches the database. */
  async find(token: string, purposes: readonly LinkPurpose[], now: Date): Promise<ActionLink | undefined> {
    if (!SHAPE.test(token)) return undefined;
    return row(
      this.dataSource,
      `SELECT user_id AS "userId", purpose, email FROM action_links
       WHERE token_hash = $1 AND purpose = ANY ($2) AND expires_at > $3`,
      [hashOf(token), purposes, now],
    );
  }

  /**
   * Uses up a link that was found, and locks its owner's account: the first step of whatever it is for.
   * @returns undefined, and the link as it was, where the account is disabled or has another address than the link was
   * mailed to; undefined where the link was used, ended or has expired since it was found
   */
  async use(
    tx: Executor,
    { userId, purpose, email }: ActionLink,
    token: string,
    now: Date,
  ): Promise<LinkOwner | undefined> {
    const owner = await row<LinkOwner>(
      tx,
      `SELECT email, email_verified_at IS NOT NULL AS verified FROM users
       WHERE id = $1 AND disabled_at IS NULL FOR UPDATE`,
      [userId],
    );
    if (!owner || (purpose !== 'email_change' && email !== owner.email)) return undefined;
    const used = await row(tx, 'DELETE FROM action_links WHERE token_hash = $1 AND expires_at > $2 RETURNING user_id', [
      hashOf(token),
      now,
    ]);
    return used === undefined ? undefined : owner;
  }

  async endAll(tx: Executor, userId: UserId): Promise<void> {
    await tx.query('DELETE FROM action_links WHERE user_id = $1', [userId]);
  }
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest();
