import { createHmac, timingSafeEqual } from 'node:crypto';

import { ValidationFailedError } from './http.errors.js';
import { MAX_CURSOR_CHARACTERS } from './page-query.dto.js';

/** One page of a list, newest first; `nextCursor` is null on the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

const KEY_BYTES = 32;
const MAC_BYTES = 32;

const refused = (): ValidationFailedError =>
  new ValidationFailedError([{ field: 'cursor', message: 'must be the nextCursor of a page of this same list' }]);

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string');

/**
 * Where a page ended, as opaque text: the position in the clear behind a MAC, so that nobody can make one up.
 * It holds for its scope alone, which names the list and its filters.
 */
export class PageCursor {
  constructor(private readonly key: Uint8Array) {
    if (key.length !== KEY_BYTES) throw new RangeError(`A cursor key has ${KEY_BYTES} bytes.`);
  }

  encode(scope: string, position: readonly string[]): string {
    const payload = Buffer.from(JSON.stringify(position), 'utf8');
    const cursor = Buffer.concat([this.mac(scope, payload), payload]).toString('base64url');
    if (cursor.length > MAX_CURSOR_CHARACTERS) throw new RangeError('A cursor would be too long to be accepted.');
    return cursor;
  }

  /** @throws ValidationFailedError for a cursor that was altered, or made for another list, filter or deployment */
  decode(scope: string, cursor: string): readonly string[] {
    const bytes = Buffer.from(cursor, 'base64url');
    // base64url has more than one text for the same bytes (RFC 4648 §3.5); only ours is accepted.
    if (bytes.length <= MAC_BYTES || bytes.toString('base64url') !== cursor) throw refused();
    const payload = bytes.subarray(MAC_BYTES);
    if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.mac(scope, payload))) throw refused();
    const position: unknown = JSON.parse(payload.toString('utf8'));
    if (!isTexts(position)) throw refused();
    return position;
  }

  /** The scope's length keeps its end and the payload's beginning apart. */
  private mac(scope: string, payload: Uint8Array): Buffer {
    return createHmac('sha256', this.key)
      .update(`page-cursor ${Buffer.byteLength(scope)} ${scope}`)
      .update(payload)
      .digest();
  }
}

/**
 * Makes a page out of a query's rows.
 * @param found up to `limit + 1` rows: the one too many tells that there is a next page
 */
export function pageOf<Item>(found: readonly Item[], limit: number, cursorOf: (last: Item) => string): Page<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last !== undefined ? cursorOf(last) : null };
}
