import type { Clock } from '../clock.js';
import { Denylist } from './denylist.js';
import { FeedCurrency } from './feed-currency.js';
import { FeedReader } from './feed-reader.js';

const REVOKED = JSON.stringify({ kind: 'session', subject: 's', expiresAt: '2027-01-01T00:00:00Z' });

/** A clock whose two hands are moved by hand. */
class HandClock implements Clock {
  wall = 1_795_000_000_000;
  monotonic = 10_000;
  wallMs = (): number => this.wall;
  monotonicMs = (): number => this.monotonic;

  pass(milliseconds: number): void {
    this.wall += milliseconds;
    this.monotonic += milliseconds;
  }
}

describe('reading the feed', () => {
  let clock: HandClock;
  let currency: FeedCurrency;
  let reader: FeedReader;
  let keys: string[];

  beforeEach(() => {
    clock = new HandClock();
    currency = new FeedCurrency(clock);
    keys = [];
    reader = new FeedReader(new Denylist(10), currency, 5_000, (kid) => keys.push(kid));
    reader.begin(clock.monotonic);
  });

  const load = (): void => {
    reader.take({ event: 'revocation', data: REVOKED });
    reader.take({ event: 'ready', data: '{}', id: 'p1' });
  };

  it('is current only once everything was told, and only as of the question', () => {
    clock.pass(300);
    reader.take({ event: 'revocation', data: REVOKED });
    reader.take({ event: 'current', data: '{}', id: 'p0' });
    expect([currency.stalenessMs(), reader.resumeFrom]).toEqual([Infinity, undefined]);
    reader.take({ event: 'ready', data: '{}', id: 'p1' });
    expect([currency.stalenessMs(), reader.resumeFrom]).toEqual([300, 'p1']);
  });

  it('goes on from the last event that had a position: one in the midst of others has none', () => {
    load();
    reader.take({ event: 'revocation', data: REVOKED });
    expect(reader.resumeFrom).toBe('p1');
    reader.take({ event: 'revocation', data: REVOKED, id: 'p2' });
    expect(reader.resumeFrom).toBe('p2');
  });

  it('forgets its position where the server starts over, until all has been told again', () => {
    load();
    reader.begin(clock.monotonic);
    reader.take({ event: 'reset', data: '{}' });
    reader.take({ event: 'revocation', data: REVOKED });
    expect(reader.resumeFrom).toBeUndefined();
    reader.take({ event: 'ready', data: '{}', id: 'q1' });
    expect(reader.resumeFrom).toBe('q1');
  });

  it('tells of the keys that are revoked, and fails for what it cannot understand', () => {
    load();
    reader.take({ event: 'revocation', data: JSON.stringify({ ...JSON.parse(REVOKED), kind: 'key', subject: 'k' }) });
    expect(keys).toEqual(['k']);
    expect(() => reader.take({ event: 'revocation', data: '{"kind":"device"}' })).toThrow();
    expect(reader.take({ event: 'news', data: '{}' })).toBe(false);
  });

  it('takes nothing for current that came after too long a silence, by either clock', () => {
    for (const moved of ['wall', 'monotonic'] as const) {
      reader.begin(clock.monotonic);
      load();
      clock[moved] += 5_001;
      expect(() => reader.take({ event: 'current', data: '{}', id: 'p2' })).toThrow('waited');
      expect(currency.stalenessMs()).toBeGreaterThan(5_000);
    }
  });

  it('has everything told again where the clock was set back: what was dropped as expired could live again', () => {
    load();
    clock.wall -= 61_000;
    expect(() => reader.take({ event: 'current', data: '{}', id: 'p2' })).toThrow('set back');
    expect([currency.stalenessMs(), reader.resumeFrom]).toEqual([Infinity, undefined]);
    reader.begin(clock.monotonic);
    load();
    expect(currency.stalenessMs()).toBe(0);
  });
});
