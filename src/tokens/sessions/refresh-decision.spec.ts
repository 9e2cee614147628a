import fc from 'fast-check';
import { addSeconds } from '../../shared/clock.js';
import { decideRefresh } from './refresh-decision.js';
import type { RefreshAttempt, RefreshDecision, RefreshState } from './refresh-decision.js';

const NOW = new Date('2026-11-24T06:14:00.000Z');
const GRACE = 30;
const hash = (fill: number): Buffer => Buffer.alloc(32, fill);
const ago = (seconds: number): Date => addSeconds(NOW, -seconds);

/** Generation 5, whose predecessor was spent long ago. */
const session = (changes: Partial<RefreshState> = {}): RefreshState => ({
  generation: 5,
  rotatedAt: ago(3600),
  previousRotatedAt: ago(7200),
  idempotencyKeyHash: null,
  idleExpiresAt: addSeconds(NOW, 3600),
  absoluteExpiresAt: addSeconds(NOW, 7200),
  revokedAt: null,
  ...changes,
});
const attempt = (generation: number, changes: Partial<RefreshAttempt> = {}): RefreshAttempt => ({
  generation,
  idempotencyKeyHash: null,
  now: NOW,
  graceSeconds: GRACE,
  ...changes,
});

describe('decideRefresh', () => {
  it('advances with the current generation, the first one too', () => {
    expect(decideRefresh(session(), attempt(5))).toBe('rotate');
    const fresh = session({ generation: 1, rotatedAt: null, previousRotatedAt: null });
    expect(decideRefresh(fresh, attempt(1))).toBe('rotate');
  });

  it.each<[string, number, RefreshDecision]>([
    ['at the very moment', 0, 'repeat'],
    ['a millisecond before the grace ends', GRACE - 0.001, 'repeat'],
    ['as the grace ends', GRACE, 'repeat'],
    ['a millisecond after the grace', GRACE + 0.001, 'reuse'],
    ['a day later', 86_400, 'reuse'],
  ])('answers the previous generation %s of its rotation', (_, seconds, decision) => {
    expect(decideRefresh(session({ rotatedAt: ago(seconds) }), attempt(4))).toBe(decision);
  });

  it('repeats for a rotation that another instance dated a little later than now', () => {
    expect(decideRefresh(session({ rotatedAt: addSeconds(NOW, 1) }), attempt(4))).toBe('repeat');
  });

  it('has no grace where it is configured as none', () => {
    expect(decideRefresh(session({ rotatedAt: ago(0.001) }), attempt(4, { graceSeconds: 0 }))).toBe('reuse');
  });

  it('repeats at any later time for the key that the rotation had, and for no other', () => {
    const rotated = session({ idempotencyKeyHash: hash(1) });
    expect(decideRefresh(rotated, attempt(4, { idempotencyKeyHash: hash(1) }))).toBe('repeat');
    expect(decideRefresh(rotated, attempt(4, { idempotencyKeyHash: hash(2) }))).toBe('reuse');
    expect(decideRefresh(rotated, attempt(4))).toBe('reuse');
    expect(decideRefresh(session(), attempt(4, { idempotencyKeyHash: hash(1) }))).toBe('reuse');
  });

  it('repeats within the grace whatever the key', () => {
    const rotated = session({ rotatedAt: ago(1), idempotencyKeyHash: hash(1) });
    expect(decideRefresh(rotated, attempt(4, { idempotencyKeyHash: hash(2) }))).toBe('repeat');
  });

  it('gives a key no power over any older generation', () => {
    const rotated = session({ idempotencyKeyHash: hash(1) });
    for (const generation of [1, 2, 3]) {
      expect(decideRefresh(rotated, attempt(generation, { idempotencyKeyHash: hash(1) }))).toBe('reuse');
    }
  });

  it.each<[string, number, RefreshDecision]>([
    ['just spent', 0, 'superseded'],
    ['spent as long ago as the grace', GRACE, 'superseded'],
    ['spent a millisecond longer ago', GRACE + 0.001, 'reuse'],
  ])('answers the generation before the previous, %s', (_, seconds, decision) => {
    const twice = session({ previousRotatedAt: ago(seconds), rotatedAt: ago(0) });
    expect(decideRefresh(twice, attempt(3))).toBe(decision);
  });

  it('takes a generation three or more behind for theft, within the grace too', () => {
    const quick = session({ rotatedAt: NOW, previousRotatedAt: NOW });
    expect(decideRefresh(quick, attempt(2))).toBe('reuse');
    expect(decideRefresh(quick, attempt(1))).toBe('reuse');
  });

  it('takes an earlier generation for theft where nothing says when it was spent', () => {
    const unknown = session({ rotatedAt: null, previousRotatedAt: null });
    expect(decideRefresh(unknown, attempt(4))).toBe('reuse');
    expect(decideRefresh(unknown, attempt(3))).toBe('reuse');
  });

  it('goes on from a generation above the current one: the database went back', () => {
    expect(decideRefresh(session(), attempt(6))).toBe('resume');
    expect(decideRefresh(session(), attempt(500))).toBe('resume');
  });

  it.each([
    ['idle too long', { idleExpiresAt: NOW }],
    ['at its absolute end', { absoluteExpiresAt: NOW }],
    ['past both', { idleExpiresAt: ago(1), absoluteExpiresAt: ago(1) }],
  ])('refuses every generation of a session %s', (_, ends) => {
    for (const generation of [1, 3, 4, 5, 6]) expect(decideRefresh(session(ends), attempt(generation))).toBe('expired');
  });

  it('still serves a session a millisecond before its end', () => {
    const last = addSeconds(NOW, 0.001);
    expect(decideRefresh(session({ idleExpiresAt: last, absoluteExpiresAt: last }), attempt(5))).toBe('rotate');
  });

  it('says of a revoked session that it is revoked, expired or not, whatever the generation', () => {
    for (const generation of [1, 3, 4, 5, 6]) {
      expect(decideRefresh(session({ revokedAt: ago(9) }), attempt(generation))).toBe('revoked');
      expect(decideRefresh(session({ revokedAt: ago(9), idleExpiresAt: ago(1) }), attempt(generation))).toBe('revoked');
    }
  });

  it('never issues anything for a spent generation but a repeat of the last answer', () => {
    const seconds = fc.integer({ min: 0, max: 120 });
    const keyHash = fc.option(fc.integer({ min: 1, max: 3 }).map(hash), { nil: null });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 10 }),
        seconds,
        seconds,
        keyHash,
        keyHash,
        (...given) => {
          const [current, presented, last, before, kept, sent] = given;
          const state = session({
            generation: current,
            rotatedAt: ago(last),
            previousRotatedAt: ago(last + before),
            idempotencyKeyHash: kept,
          });
          const decision = decideRefresh(state, attempt(presented, { idempotencyKeyHash: sent }));
          if (presented < current - 1) expect(['superseded', 'reuse']).toContain(decision);
          if (presented === current - 1) expect(['repeat', 'reuse']).toContain(decision);
          if (presented < current - 2) expect(decision).toBe('reuse');
        },
      ),
    );
  });
});
