import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import type { JwtAlgorithm } from '../../config/app-config.js';
import { assertStillAdmin } from '../../security/admin-standing.js';
import { Clock } from '../../shared/clock.js';
import { Revocations } from '../revocation/revocations.js';
import { RevocationSignal } from '../revocation/revocation-signal.js';
import { KeysInConfigError } from '../tokens.errors.js';
import { earliestActivation, planKeys } from './key-plan.js';
import type { KeyPolicy, KeyStep } from './key-plan.js';
import { generateSigningKey } from './signing-key.js';
import type { SigningKey } from './signing-key.js';
import { SigningKeys } from './signing-keys.js';
import { StoredKeys } from './stored-keys.js';
import type { KeyChange, KeyRecord, LiveKey } from './stored-keys.js';

const TICK_MS = 1_000;
/** More steps than any state of the keys needs: a first active and pending key, or a whole hand-over. */
const MAX_STEPS = 8;

type AsymmetricAlgorithm = Exclude<JwtAlgorithm, 'HS256'>;

/**
 * Moves signing keys from state to state: by itself when `KEY_ROTATION` is over, and when an admin says so. Every instance
 * looks each second; whoever finds something to do does it alone, under a lock, and the others read it from the feed.
 */
@Injectable()
export class KeyRotation implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(KeyRotation.name);
  private timer: NodeJS.Timeout | undefined;
  private ticking: Promise<void> | undefined;

  constructor(
    private readonly stored: StoredKeys,
    private readonly keys: SigningKeys,
    private readonly revocations: Revocations,
    private readonly signal: RevocationSignal,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.config.tokens.algorithm === 'HS256') return;
    await this.keys.reload();
    await this.stored.rewrap(this.keys.records);
    await this.replaceForeignPending();
    await this.advance();
    this.timer = setInterval(() => void this.tick(), TICK_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.ticking;
  }

  /**
   * Asks for a rotation: the pending key goes active as soon as every cache of the key set can hold it.
   * @returns the pending key with the time at which it goes active by itself
   * @throws KeysInConfigError under HS256
   */
  async rotate(by: KeyChange['by']): Promise<KeyRecord> {
    this.algorithm();
    await this.advance();
    const now = this.clock.now();
    const scheduled = await this.change(async (tx) => {
      if (by) await assertStillAdmin(tx, by.actor);
      const pending = pendingOf(await this.stored.readLive(tx));
      const at = pending.activatesAt ?? earliestActivation(pending, now);
      await this.stored.schedule(tx, pending.kid, at, { now, by });
      return { ...pending, activatesAt: at };
    });
    await this.advance();
    return this.keys.records.find(({ kid }) => kid === scheduled.kid) ?? scheduled;
  }

  /**
   * Ends the use of every key that may have signed for whoever took it: they leave the key set at once, and what they
   * signed is refused everywhere. The pending key signs from now on.
   * @param discardPending make a new key instead: remote caches fail until they have fetched it
   * @returns the key that signs now
   * @throws KeysInConfigError under HS256
   */
  async rotateInEmergency(discardPending: boolean, by: KeyChange['by']): Promise<KeyRecord> {
    const algorithm = this.algorithm();
    await this.advance();
    const next = await generateSigningKey(algorithm);
    const fresh = discardPending ? await generateSigningKey(algorithm) : undefined;
    const now = this.clock.now();
    const change = { now, by };
    await this.change(async (tx) => {
      if (by) await assertStillAdmin(tx, by.actor);
      const live = await this.stored.readLive(tx);
      const compromised = live.filter(({ state }) => state !== 'pending' || fresh);
      for (const { kid } of compromised) await this.stored.retire(tx, kid, change);
      await this.revocations.append(
        tx,
        compromised.map(({ kid }) => ({ kind: 'key', subject: kid })),
        now,
      );
      if (fresh) await this.stored.insert(tx, fresh, 'active', change);
      else await this.stored.activate(tx, pendingOf(live).kid, change);
      await this.stored.insert(tx, next, 'pending', change);
    });
    await this.advance();
    return activeOf(this.keys.records);
  }

  /** Reads the keys, and does what they need until nothing is left to do. */
  private async advance(): Promise<void> {
    await this.keys.reload();
    for (let step = 0; step < MAX_STEPS && this.plan(this.keys.records); step++) {
      // Made before the transaction, which holds the lock: an RSA key takes a second.
      const fresh = await generateSigningKey(this.algorithm());
      await this.change(async (tx) => {
        const next = this.plan(await this.stored.readLive(tx));
        if (next) await this.apply(tx, next, fresh, this.clock.now());
      });
      await this.keys.reload();
    }
  }

  private async apply(tx: EntityManager, step: KeyStep, fresh: SigningKey, now: Date): Promise<void> {
    const change = { now };
    switch (step.do) {
      case 'create':
        await this.stored.insert(tx, fresh, step.state, change);
        break;
      case 'schedule':
        await this.stored.schedule(tx, step.kid, step.at, change);
        break;
      case 'hand_over':
        await this.stored.beginRetiring(tx, step.from, step.retiresAt, change);
        await this.stored.activate(tx, step.kid, change);
        await this.stored.insert(tx, fresh, 'pending', change);
        break;
      case 'activate':
        await this.stored.activate(tx, step.kid, change);
        break;
      case 'retire':
        await this.stored.retire(tx, step.kid, change);
    }
    this.logger.log(`signing key: ${step.do} ${'kid' in step ? step.kid : fresh.kid}`);
  }

  /** At a start with another `JWT_ALGORITHM`, the key that waits is one for it. Only then: instances may differ for a while. */
  private async replaceForeignPending(): Promise<void> {
    const algorithm = this.algorithm();
    const isForeign = ({ state, algorithm: own }: KeyRecord): boolean => state === 'pending' && own !== algorithm;
    if (!this.keys.records.some(isForeign)) return;
    const fresh = await generateSigningKey(algorithm);
    const now = this.clock.now();
    await this.change(async (tx) => {
      const foreign = (await this.stored.readLive(tx)).find(isForeign);
      if (!foreign) return;
      await this.stored.retire(tx, foreign.kid, { now });
      await this.stored.insert(tx, fresh, 'pending', { now });
    });
  }

  /** One change of the keys in one transaction, while no other instance makes one; the others hear of it. */
  private async change<Result>(work: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    const result = await this.revocations.transaction((tx) => this.stored.exclusively(tx, () => work(tx)));
    this.signal.send();
    return result;
  }

  private plan(records: readonly KeyRecord[]): KeyStep | undefined {
    const { keyRotationSeconds: rotationSeconds, accessTokenTtlSeconds } = this.config.tokens;
    const policy: KeyPolicy = { algorithm: this.algorithm(), rotationSeconds, accessTokenTtlSeconds };
    return planKeys(records, policy, this.clock.now());
  }

  /** Looks at what is in memory, so that an idle second costs no query. */
  private async tick(): Promise<void> {
    if (this.ticking || !this.plan(this.keys.records)) return;
    this.ticking = this.advance().catch((error: unknown) => {
      this.logger.warn(`the signing keys could not be moved on: ${String(error)}`);
    });
    await this.ticking;
    this.ticking = undefined;
  }

  private algorithm(): AsymmetricAlgorithm {
    const { algorithm } = this.config.tokens;
    if (algorithm === 'HS256') throw new KeysInConfigError();
    return algorithm;
  }
}

function pendingOf(live: readonly LiveKey[]): LiveKey {
  const pending = live.find(({ state }) => state === 'pending');
  if (!pending) throw new Error('there is no pending signing key');
  return pending;
}

function activeOf(live: readonly LiveKey[]): LiveKey {
  const active = live.find(({ state }) => state === 'active');
  if (!active) throw new Error('there is no active signing key');
  return active;
}
