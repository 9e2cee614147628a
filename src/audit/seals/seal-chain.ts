import { createHash, createHmac } from 'node:crypto';

/** A batch of events under one MAC, hung on the batch before. */
export interface Seal {
  /** Gapless from 1. */
  readonly number: number;
  /** The month whose events it covers, by its first day: `2026-11-01`. */
  readonly piece: string;
  readonly sealedAt: Date;
  readonly count: number;
  /** How many events all seals up to this one cover. */
  readonly total: number;
  readonly eventIds: readonly string[];
  /** SHA-256 over the ids and MACs of its events. */
  readonly digest: Buffer;
  readonly previous: Buffer;
  /** The MAC of all of it, by which the next one hangs on it. */
  readonly head: Buffer;
}

/** Where a chain ends: what the next seal hangs on. */
export type ChainEnd = Pick<Seal, 'number' | 'total' | 'head'>;

/** What a seal says of one event. */
export interface Member {
  readonly id: string;
  readonly mac: Buffer;
}

const DOMAIN = 'gatehouse audit seal 1\n';

/** What the first seal hangs on. */
export const GENESIS: ChainEnd = { number: 0, total: 0, head: Buffer.alloc(32) };

/** What stands for the MAC of an event that is not there. */
export const NO_MAC = Buffer.alloc(32);

export function digestOf(members: readonly Member[]): Buffer {
  const hash = createHash('sha256');
  for (const { id, mac } of members) hash.update(id.replaceAll('-', ''), 'hex').update(mac);
  return hash.digest();
}

/** HMAC-SHA256 (RFC 2104) over every member of a seal but its head. 32 bytes. */
function headOf(key: Buffer, seal: Omit<Seal, 'head' | 'eventIds'>): Buffer {
  const { number, piece, sealedAt, count, total, digest, previous } = seal;
  const told = [number, piece, sealedAt.toISOString(), count, total, digest.toString('hex'), previous.toString('hex')];
  return createHmac('sha256', key)
    .update(DOMAIN + JSON.stringify(told), 'utf8')
    .digest();
}

/** Whether a seal is one that this deployment made, as it made it. */
export function isAuthenticSeal(key: Buffer, seal: Seal): boolean {
  try {
    return seal.count === seal.eventIds.length && headOf(key, seal).equals(seal.head);
  } catch {
    return false;
  }
}

/** Makes the seal that follows `end`, of events of one month. */
export function sealAfter(
  end: ChainEnd,
  members: readonly Member[],
  { key, piece, now }: { readonly key: Buffer; readonly piece: string; readonly now: Date },
): Seal {
  const count = members.length;
  const seal = {
    number: end.number + 1,
    piece,
    sealedAt: now,
    count,
    total: end.total + count,
    eventIds: members.map(({ id }) => id),
    digest: digestOf(members),
    previous: end.head,
  };
  return { ...seal, head: headOf(key, seal) };
}

/** Whether a value is a head or MAC in hex. */
export const isHead = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
