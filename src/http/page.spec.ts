import { randomBytes } from 'node:crypto';

import fc from 'fast-check';

import { ValidationFailedError } from './http.errors.js';
import { PageCursor, pageOf } from './page.js';

const cursors = new PageCursor(randomBytes(32));
const position = fc.array(fc.string({ maxLength: 20, unit: 'binary' }), { maxLength: 3 });
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('a page cursor', () => {
  it('gives back the position it was made of', () => {
    fc.assert(
      fc.property(fc.string(), position, (scope, texts) => {
        expect(cursors.decode(scope, cursors.encode(scope, texts))).toEqual(texts);
      }),
    );
  });

  it('is refused wherever one character is changed, added or taken away', () => {
    fc.assert(
      fc.property(position, fc.nat(), fc.nat(63), (texts, at, letter) => {
        const cursor = cursors.encode('users', texts);
        const index = at % cursor.length;
        const swapped = cursor.slice(0, index) + (BASE64URL[letter] ?? 'A') + cursor.slice(index + 1);
        const altered = [`${cursor}A`, `${cursor}=`, ` ${cursor}`, cursor.slice(1), cursor.slice(0, -1)];
        if (swapped !== cursor) altered.push(swapped);
        for (const text of altered) expect(() => cursors.decode('users', text)).toThrow(ValidationFailedError);
      }),
    );
  });

  it('is refused for another list, filter or key, and never fails otherwise', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), position, (one, other, texts) => {
        const cursor = cursors.encode(one, texts);
        if (one !== other) expect(() => cursors.decode(other, cursor)).toThrow(ValidationFailedError);
        expect(() => new PageCursor(randomBytes(32)).decode(one, cursor)).toThrow(ValidationFailedError);
        expect(() => cursors.decode(one, other)).toThrow(ValidationFailedError);
      }),
    );
  });

  it('names the field at fault', () => {
    const fieldsOf = (cursor: string): unknown => {
      try {
        return cursors.decode('users', cursor);
      } catch (error) {
        return error instanceof ValidationFailedError ? error.options.fields : error;
      }
    };
    expect(fieldsOf('x')).toEqual([{ field: 'cursor', message: 'must be the nextCursor of a page of this same list' }]);
  });

  it('is never longer than what a query accepts, and its key never shorter than 32 bytes', () => {
    expect(() => cursors.encode('users', ['x'.repeat(400)])).toThrow(RangeError);
    expect(() => new PageCursor(randomBytes(31))).toThrow(RangeError);
  });
});

describe('a page', () => {
  it('has a next one exactly where a row too many was found', () => {
    expect(pageOf([3, 2, 1], 2, String)).toEqual({ items: [3, 2], nextCursor: '2' });
    expect(pageOf([3, 2], 2, String)).toEqual({ items: [3, 2], nextCursor: null });
    expect(pageOf([], 2, String)).toEqual({ items: [], nextCursor: null });
  });
});
