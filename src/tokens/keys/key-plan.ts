import type { JwtAlgorithm } from '../../config/app-config.js';
import { addSeconds } from '../../shared/clock.js';
import type { KeyRecord } from './stored-keys.js';

/** How long a verifier may keep the key set: `max-age` of the JWKS, in seconds. */
export const JWKS_CACHE_SECONDS = 600;
/** How long after an activation another instance may still sign with the key before it, in seconds. */
const HANDOVER_SECONDS = 10;

export type KeyStep =
  | { readonly do: 'create'; readonly state: 'pending' | 'active' }
  | { readonly do: 'schedule'; readonly kid: string; readonly at: Date }
  | { readonly do: 'activate' | 'retire'; readonly kid: string }
  /** The pending key signs from now on, and the active one only verifies until its last token has expired. */
  | { readonly do: 'hand_over'; readonly kid: string; readonly from: string; readonly retiresAt: Date };

export interface KeyPolicy {
  readonly algorithm: JwtAlgorithm;
  readonly rotationSeconds: number;
  readonly accessTokenTtlSeconds: number;
}

/** When a pending key may sign at the earliest: once no cache is left that was filled before it was published. */
export function earliestActivation(pending: KeyRecord, now: Date): Date {
  const published = addSeconds(pending.createdAt, JWKS_CACHE_SECONDS);
  return published > now ? published : now;
}

/**
 * Says what the keys need next, if anything: a first active one, always one pending, a rotation that is due, the end of a
 * key that has no live token left. Applied and planned again until nothing is left to do. Pure.
 */
export function planKeys(keys: readonly KeyRecord[], policy: KeyPolicy, now: Date): KeyStep | undefined {
  const active = keys.find(({ state }) => state === 'active');
  const pending = keys.find(({ state }) => state === 'pending');
  // The first key of a deployment: there is no cache that could lack it.
  if (!active) return pending ? { do: 'activate', kid: pending.kid } : { do: 'create', state: 'active' };
  if (!pending) return { do: 'create', state: 'pending' };
  if (pending.activatesAt && pending.activatesAt <= now) {
    const retiresAt = addSeconds(now, policy.accessTokenTtlSeconds + HANDOVER_SECONDS);
    return { do: 'hand_over', kid: pending.kid, from: active.kid, retiresAt };
  }
  if (!pending.activatesAt && isDue(active, pending, policy, now)) {
    return { do: 'schedule', kid: pending.kid, at: earliestActivation(pending, now) };
  }
  const spent = keys.find(({ state, retiresAt }) => state === 'retiring' && retiresAt !== null && retiresAt <= now);
  return spent && { do: 'retire', kid: spent.kid };
}

function isDue(active: KeyRecord, pending: KeyRecord, { algorithm, rotationSeconds }: KeyPolicy, now: Date): boolean {
  const otherAlgorithm = active.algorithm !== algorithm && pending.algorithm === algorithm;
  return otherAlgorithm || addSeconds(active.activatedAt ?? active.createdAt, rotationSeconds) <= now;
}
