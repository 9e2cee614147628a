import { createHmac, timingSafeEqual } from 'node:crypto';
import { isHead } from './seal-chain.js';
import type { ChainEnd } from './seal-chain.js';

/** What the chain was at a moment: kept outside of the database, it shows a tail that was cut off since. */
export interface Checkpoint {
  /** The number of the last seal. */
  readonly seals: number;
  /** How many events they cover, ever. */
  readonly events: number;
  /** The last seal's head, in hex. */
  readonly head: string;
  readonly at: string;
  /** The MAC of all of it, in hex: a checkpoint that anybody else wrote shows too. */
  readonly mac: string;
}

const DOMAIN = 'gatehouse audit checkpoint 1\n';

const macOf = (key: Buffer, { seals, events, head, at }: Omit<Checkpoint, 'mac'>): string =>
  createHmac('sha256', key)
    .update(DOMAIN + JSON.stringify([seals, events, head, at]), 'utf8')
    .digest('hex');

export function checkpointOf(key: Buffer, { number, total, head }: ChainEnd, now: Date): Checkpoint {
  const told = { seals: number, events: total, head: head.toString('hex'), at: now.toISOString() };
  return { ...told, mac: macOf(key, told) };
}

/** @returns the checkpoint that a text is, or undefined where it is none that this deployment made */
export function readCheckpoint(key: Buffer, text: string): Checkpoint | undefined {
  const { seals, events, head, at, mac } = membersOf(text);
  if (typeof seals !== 'number' || typeof events !== 'number' || typeof at !== 'string') return undefined;
  if (!isHead(head) || !isHead(mac)) return undefined;
  const told = { seals, events, head, at };
  return timingSafeEqual(Buffer.from(mac, 'hex'), Buffer.from(macOf(key, told), 'hex')) ? { ...told, mac } : undefined;
}

/** A checkpoint as the log has it, in a line of text or, its quotes escaped, in a member of a line of JSON. */
const TOLD = /Checkpoint (\{[^{}]*\})/g;

/** The checkpoints in a line of log output; `foreign` is one that this deployment did not make, or that was changed. */
export const checkpointsIn = (line: string, key: Buffer): (Checkpoint | 'foreign')[] =>
  [...line.matchAll(TOLD)].map(([, text = '']) => readCheckpoint(key, text.replaceAll('\\"', '"')) ?? 'foreign');

function membersOf(text: string): Partial<Record<keyof Checkpoint, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
