import { randomInt } from 'node:crypto';
import { v7 as uuidv7, validate } from 'uuid';

export type UserId = string & { readonly __brand: 'UserId' };
export type SessionId = string & { readonly __brand: 'SessionId' };

/** Every id is a UUIDv7 (RFC 9562 §5.7): unique without a round trip, and ordered by time in an index. */
export const newUserId = (): UserId => uuidv7() as UserId;
export const newSessionId = (): SessionId => uuidv7() as SessionId;
export const newId = (): string => uuidv7();
/**
 * Of a time that is told: what it names is found by that time. Those of one millisecond are in the order in which this process
 * made them (RFC 9562 §6.2, method 1).
 */
export const newIdAt = (time: Date): string => {
  sequence = (sequence + 1) % SEQUENCES;
  return uuidv7({ msecs: time.getTime(), seq: sequence });
};

const SEQUENCES = 2 ** 31;
let sequence = randomInt(SEQUENCES);

/** True for the canonical lower-case text of a UUID; anything else never reaches a query. */
export const isUuid = (text: string): boolean => validate(text) && text === text.toLowerCase();

export const asUserId = (text: string): UserId => text as UserId;
export const asSessionId = (text: string): SessionId => text as SessionId;
