import fc from 'fast-check';
import { addSeconds } from '../../shared/clock.js';
import { Denylist } from './denylist.js';
import type { RevocableToken, Revocation, RevocationKind } from './denylist.js';

const NOW = new Date('2026-11-24T06:14:00Z');
const TOKEN: RevocableToken = { tokenId: 't', sessionId: 's', userId: 'u', keyId: 'k', ver: 3, era: 2 };

const revocation = (kind: RevocationKind, subject: string, minimum: number | null = null): Revocation => ({
  kind,
  subject,
  minimum,
  expiresAt: addSeconds(NOW, 4200),
});

function denying(...revocations: Revocation[]): Denylist {
  const denylist = new Denylist();
  for (const each of revocations) denylist.apply(each);
  return denylist;
}

describe('Denylist', () => {
  it('lets a token stand of which nothing was revoked', () => {
    expect(denying().refusal(TOKEN)).toBeUndefined();
    const others = denying(
      revocation('session', 'other'),
      revocation('token', 'other'),
      revocation('user', 'other', 9),
      revocation('key', 'other'),
    );
    expect(others.refusal(TOKEN)).toBeUndefined();
  });

  it.each<[string, Revocation, 'revoked' | 'stale']>([
    ['its session', revocation('session', 's'), 'revoked'],
    ['itself', revocation('token', 't'), 'revoked'],
    ['its key', revocation('key', 'k'), 'stale'],
    ["its user's older versions", revocation('user', 'u', 4), 'stale'],
    ['older eras', revocation('era', '*', 3), 'revoked'],
  ])('refuses a token by %s', (_, revoked, refusal) => {
    expect(denying(revoked).refusal(TOKEN)).toBe(refusal);
  });

  it('tells a session that was spared when everyone else’s ended that a refresh mends it, and no other', () => {
    const sparing = (minimum: number, spared: string): Revocation => ({ ...revocation('era', '*', minimum), spared });
    expect(denying(sparing(3, 's')).refusal(TOKEN)).toBe('stale');
    expect(denying(sparing(3, 'other')).refusal(TOKEN)).toBe('revoked');
    expect(denying(sparing(3, 's')).refusal({ ...TOKEN, era: 3 })).toBeUndefined();
    // Spared once, ended with the next.
    expect(denying(sparing(3, 's'), sparing(4, 'other')).refusal(TOKEN)).toBe('revoked');
    expect(denying(sparing(4, 'other'), sparing(3, 's')).refusal(TOKEN)).toBe('revoked');
    expect(denying(sparing(3, 's'), revocation('session', 's')).refusal(TOKEN)).toBe('revoked');
    expect(denying(sparing(3, 's'), revocation('token', 't')).refusal(TOKEN)).toBe('revoked');
  });

  it('does not mistake a name of one kind for one of another', () => {
    const crossed = denying(revocation('session', 't'), revocation('token', 's'), revocation('key', 'u'));
    expect(crossed.refusal(TOKEN)).toBeUndefined();
  });

  it('lets the least good version and era pass, and newer ones', () => {
    const denylist = denying(revocation('user', 'u', 3), revocation('era', '*', 2));
    expect(denylist.refusal(TOKEN)).toBeUndefined();
    expect(denylist.refusal({ ...TOKEN, ver: 4, era: 3 })).toBeUndefined();
    expect(denylist.refusal({ ...TOKEN, ver: 2 })).toBe('stale');
    expect(denylist.refusal({ ...TOKEN, era: 1 })).toBe('revoked');
  });

  it('tells an ended session rather than stale rights, since a refresh would not mend it', () => {
    const denylist = denying(revocation('user', 'u', 9), revocation('key', 'k'), revocation('session', 's'));
    expect(denylist.refusal(TOKEN)).toBe('revoked');
    expect(denying(revocation('user', 'u', 9), revocation('era', '*', 9)).refusal(TOKEN)).toBe('revoked');
  });

  it('never takes a revocation back, in whatever order and however often they come', () => {
    const kind = fc.constantFrom<RevocationKind>('session', 'token', 'user', 'key', 'era');
    const one = fc.tuple(kind, fc.constantFrom('s', 't', 'u', 'k', '*'), fc.nat(6)).map(([of, subject, minimum]) => {
      const versioned = of === 'user' || of === 'era';
      return revocation(of, subject, versioned ? minimum : null);
    });
    fc.assert(
      fc.property(fc.array(one), fc.array(fc.nat()), (revocations, picks) => {
        const again = picks.flatMap((pick) => revocations[pick % Math.max(1, revocations.length)] ?? []);
        const expected = denying(...revocations);
        const actual = denying(...revocations.toReversed(), ...again);
        expect(actual.refusal(TOKEN)).toBe(expected.refusal(TOKEN));
        expect(actual.size).toBe(expected.size);
      }),
    );
  });

  it('keeps an entry for the longest time and the highest version that it was told', () => {
    const denylist = denying(
      { ...revocation('user', 'u', 4), expiresAt: addSeconds(NOW, 10) },
      { ...revocation('user', 'u', 2), expiresAt: addSeconds(NOW, 100) },
      { ...revocation('user', 'u', 3), expiresAt: addSeconds(NOW, 50) },
    );
    denylist.prune(addSeconds(NOW, 99));
    expect(denylist.refusal(TOKEN)).toBe('stale');
  });

  it('drops what has run out, and that alone', () => {
    const denylist = denying(
      { ...revocation('session', 's'), expiresAt: NOW },
      { ...revocation('token', 't'), expiresAt: addSeconds(NOW, 0.001) },
    );
    denylist.prune(NOW);
    expect(denylist.size).toBe(1);
    expect(denylist.refusal({ ...TOKEN, tokenId: 'x' })).toBeUndefined();
    expect(denylist.refusal(TOKEN)).toBe('revoked');
  });

  it('is not confused by names that every object inherits', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(
        denying().refusal({ ...TOKEN, tokenId: name, sessionId: name, userId: name, keyId: name }),
      ).toBeUndefined();
      expect(denying(revocation('session', name)).refusal({ ...TOKEN, sessionId: name })).toBe('revoked');
    }
  });
});
