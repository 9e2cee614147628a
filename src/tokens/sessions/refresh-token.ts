import { createHmac, timingSafeEqual } from 'node:crypto';
import { asSessionId, isUuid } from '../../shared/ids.js';
import type { SessionId } from '../../shared/ids.js';

const PREFIX = 'rt_';
const VERSION = 1;
const SECRET_ID_BYTES = 4;
const SESSION_ID_BYTES = 16;
const GENERATION_BYTES = 4;
const MAC_BYTES = 32;
const CLAIMS_BYTES = 1 + SECRET_ID_BYTES + SESSION_ID_BYTES + GENERATION_BYTES;
const TOKEN_BYTES = CLAIMS_BYTES + MAC_BYTES;
/** One below the largest integer of the column, so that the next one fits. */
const MAX_GENERATION = 0x7ffffffe;
const SHAPE = /^rt_[A-Za-z0-9_-]{76}$/;

/** The HKDF purpose of the MAC key. */
export const REFRESH_TOKEN_PURPOSE = 'gatehouse refresh token v1';

/** What a refresh token says, before anybody has checked that it is true. */
export interface RefreshTokenClaims {
  readonly sessionId: SessionId;
  /** How often the session had been refreshed when the token was made, from 1. */
  readonly generation: number;
  /** The id of the `REFRESH_SECRET` that made it. */
  readonly secretId: string;
}

export interface PresentedRefreshToken extends RefreshTokenClaims {
  readonly mac: Buffer;
}

/**
 * Makes the refresh token of a generation: the same text whenever it is made from the same claims, salt and key, so
 * that a repeat needs nothing stored. Layout: version (1) ‖ secret id (4) ‖ session id (16) ‖ generation (4, big
 * endian) ‖ HMAC-SHA-256 over salt ‖ all of these (32), in base64url after `rt_`: 79 characters.
 */
export function encodeRefreshToken(claims: RefreshTokenClaims, salt: Buffer, key: Buffer): string {
  const body = claimsBytes(claims);
  return PREFIX + Buffer.concat([body, mac(body, salt, key)]).toString('base64url');
}

/** Whether a text claims to be a refresh token; no access token begins like one. */
export const isRefreshToken = (text: string): boolean => text.startsWith(PREFIX);

/** @returns what the token says, or undefined where its form alone shows that it is none of ours */
export function decodeRefreshToken(text: string): PresentedRefreshToken | undefined {
  if (!SHAPE.test(text)) return undefined;
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
  if (bytes.length !== TOKEN_BYTES || bytes[0] !== VERSION) return undefined;
  let at = 1;
  const take = (length: number): Buffer => bytes.subarray(at, (at += length));
  const secretId = take(SECRET_ID_BYTES).toString('hex');
  const sessionId = uuidText(take(SESSION_ID_BYTES).toString('hex'));
  const generation = take(GENERATION_BYTES).readUInt32BE();
  if (!isUuid(sessionId) || generation < 1 || generation > MAX_GENERATION) return undefined;
  return { secretId, sessionId: asSessionId(sessionId), generation, mac: take(MAC_BYTES) };
}

/** Whether the token was made from this salt and key; takes the same time whichever byte differs. */
export function isAuthentic(presented: PresentedRefreshToken, salt: Buffer, key: Buffer): boolean {
  return timingSafeEqual(presented.mac, mac(claimsBytes(presented), salt, key));
}

function mac(body: Buffer, salt: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(salt).update(body).digest();
}

function claimsBytes({ secretId, sessionId, generation }: RefreshTokenClaims): Buffer {
  const body = Buffer.alloc(CLAIMS_BYTES);
  body.writeUInt8(VERSION, 0);
  body.write(secretId, 1, SECRET_ID_BYTES, 'hex');
  body.write(sessionId.replaceAll('-', ''), 1 + SECRET_ID_BYTES, SESSION_ID_BYTES, 'hex');
  body.writeUInt32BE(generation, CLAIMS_BYTES - GENERATION_BYTES);
  return body;
}

function uuidText(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
