import type { JsonWebKey } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import type { JwtAlgorithm } from '../../config/app-config.js';
import { TokenInvalidError, TokenStaleError } from '../../security/security.errors.js';
import type { JwsHeader } from '../access/compact-jws.js';
import { publicJwk, sharedSecretKey } from './signing-key.js';
import type { SigningKey, VerificationKey } from './signing-key.js';
import { StoredKeys } from './stored-keys.js';
import type { LiveKey } from './stored-keys.js';

/** Of an asymmetric key: the thumbprint that RFC 7638 makes. Anything else is no key of ours. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;
const RELOAD_AT_MOST_EVERY_MS = 500;

/**
 * The keys that sign and verify access tokens, in memory: those that Postgres holds or, under HS256, the configured
 * secrets themselves.
 */
@Injectable()
export class SigningKeys {
  private live: readonly LiveKey[] = [];
  private verifiers: ReadonlyMap<string, VerificationKey> = new Map();
  private retired: ReadonlySet<string> = new Set();
  private active: SigningKey | undefined;
  private nextReload: Promise<void> | undefined;
  private lastReloadMs = -Infinity;
  private reloads = 0;
  private applied = 0;
  private readonly inConfiguration: boolean;

  constructor(
    private readonly stored: StoredKeys,
    config: AppConfig,
  ) {
    const { algorithm, jwtSecrets } = config.tokens;
    this.inConfiguration = algorithm === 'HS256';
    if (this.inConfiguration) this.useSecrets(jwtSecrets.map(sharedSecretKey));
  }

  /** Those in Postgres, as they were read last; none under HS256. */
  get records(): readonly LiveKey[] {
    return this.live;
  }

  /** The key that signs. */
  signer(): SigningKey {
    if (!this.active) throw new Error('the signing keys are not loaded yet');
    return this.active;
  }

  /**
   * The key that must have signed a token: the one of exactly that `kid`, whatever it spells, if `alg` is its own. Where the
   * `kid` could be that of a key made a moment ago, the keys are read again first; tokens with made-up ids share one read in
   * half a second.
   * @throws TokenInvalidError for an unknown key or another algorithm than the key's; TokenStaleError for a key that is out
   * of use
   */
  async find({ alg, kid }: JwsHeader): Promise<VerificationKey> {
    if (!this.inConfiguration && THUMBPRINT.test(kid) && !this.isKnown(kid)) await this.reloadSoon();
    const key = this.verifiers.get(kid);
    // Its tokens have expired, or were revoked with it in an emergency: the session itself may go on.
    if (!key && this.retired.has(kid)) throw new TokenStaleError();
    if (key?.algorithm !== alg) throw new TokenInvalidError('key');
    return key;
  }

  /** Whether tokens of this key are still good: ids are thumbprints, so one id is one key. */
  isInUse(kid: string, algorithm: JwtAlgorithm): boolean {
    return this.verifiers.get(kid)?.algorithm === algorithm;
  }

  /** The public halves of all that verify, the pending one among them; never a shared secret. */
  published(): JsonWebKey[] {
    return this.live.map(({ key }) => publicJwk(key));
  }

  /** Reads them again; under HS256 there is nothing to read. */
  async reload(): Promise<void> {
    if (this.inConfiguration) return;
    const turn = ++this.reloads;
    // In this order: a key that is retired in between is in both, the other way round it would be in neither.
    const live = await this.stored.readLive();
    const retired = await this.stored.readRetired();
    // A slow answer may not undo that of a read which was sent later.
    if (turn < this.applied) return;
    this.applied = turn;
    this.use(live);
    this.retired = new Set(retired);
  }

  private isKnown(kid: string): boolean {
    return this.verifiers.has(kid) || this.retired.has(kid);
  }

  private use(live: readonly LiveKey[]): void {
    this.live = live;
    this.active = live.find(({ state }) => state === 'active')?.key;
    this.verifiers = new Map(live.map(({ kid, key }) => [kid, key]));
  }

  private useSecrets(keys: readonly SigningKey[]): void {
    this.active = keys[0];
    this.verifiers = new Map(keys.map((key) => [key.kid, key]));
  }

  /**
   * A read that begins after this was called, since the key may have been made a moment ago; all who come before it begins
   * share it, and it begins half a second after the last one at the earliest.
   */
  private reloadSoon(): Promise<void> {
    this.nextReload ??= this.reloadInTurn();
    return this.nextReload;
  }

  private async reloadInTurn(): Promise<void> {
    const waitMs = Math.max(0, this.lastReloadMs + RELOAD_AT_MOST_EVERY_MS - performance.now());
    // Always a turn of the event loop at least: who comes before the read begins has to find this promise.
    await setTimeout(waitMs, undefined, { ref: false });
    this.lastReloadMs = performance.now();
    this.nextReload = undefined;
    await this.reload();
  }
}
