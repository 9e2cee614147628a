import { createHmac } from 'node:crypto';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { DataKeys } from '../crypto/data-keys.js';
import type { RedisCounts } from './redis-counts.js';
import type { Count, MemoryThrottlerStorage } from './throttler-storage.js';

/** 132 bits in base64url: as good as unique, and short. */
const NAME_CHARACTERS = 22;

/**
 * Counts requests over all instances in Redis, and here at the same time; the higher count decides. So a Redis that goes
 * away, comes back empty or does so again and again never gives anyone more from one instance than its quota.
 * Redis sees a keyed hash of who is counted: addresses are few enough to try them all against a plain one.
 */
export class SharedThrottlerStorage implements ThrottlerStorage, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly own: MemoryThrottlerStorage,
    private readonly redis: RedisCounts,
    private readonly keys: DataKeys,
  ) {}

  onApplicationBootstrap(): void {
    this.redis.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.redis.stop();
  }

  async increment(key: string, ttlMs: number, limit: number, blockMs: number, policy: string): Promise<Count> {
    const own = await this.own.increment(key, ttlMs, limit, blockMs, policy);
    // Refused whatever the others say: a flood does not reach Redis.
    if (own.isBlocked) return own;
    const shared = await this.redis.increment(await this.nameOf(policy, key), ttlMs);
    if (shared === undefined) return own;
    // Begun later than the shared one, ours would refuse whoever has waited for the end of that, as told.
    this.own.endWithin(policy, key, shared.timeToExpire);
    const { totalHits, timeToExpire } = shared;
    if (totalHits < own.totalHits) return own;
    const isBlocked = totalHits > limit;
    return { totalHits, timeToExpire, isBlocked, timeToBlockExpire: isBlocked ? timeToExpire : 0 };
  }

  private async nameOf(policy: string, key: string): Promise<string> {
    const secret = await this.keys.key('throttling');
    return createHmac('sha256', secret).update(`${policy} ${key}`).digest('base64url').slice(0, NAME_CHARACTERS);
  }
}
