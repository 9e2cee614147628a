import fc from 'fast-check';
import { Denylist as OwnDenylist } from '../../../../src/tokens/revocation/denylist.js';
import { Denylist } from './denylist.js';
import type { RevocableToken } from './denylist.js';
import type { Revocation, RevocationKind } from './revocation.js';

const NOW_MS = Date.parse('2026-11-24T06:14:00Z');
const TOKEN: RevocableToken = { tokenId: 't', sessionId: 's', userId: 'u', keyId: 'k', ver: 3, era: 2 };

const revocation = (kind: RevocationKind, subject: string, minimum?: number): Revocation => ({
  kind,
  subject,
  ...(minimum !== undefined && { minimum }),
  expiresAtMs: NOW_MS + 4_200_000,
});

function denying(...revocations: Revocation[]): Denylist {
  const denylist = new Denylist(100);
  for (const each of revocations) denylist.apply(each);
  return denylist;
}

describe('the denylist of a verifier', () => {
  it.each<[string, Revocation, 'revoked' | 'stale']>([
    ['its session', revocation('session', 's'), 'revoked'],
    ['itself', revocation('token', 't'), 'revoked'],
    ['its key', revocation('key', 'k'), 'stale'],
    ["its user's older versions", revocation('user', 'u', 4), 'stale'],
    ['older eras', revocation('era', '*', 3), 'revoked'],
  ])('refuses a token by %s', (_, revoked, refusal) => {
    expect(denying(revoked).refusal(TOKEN)).toBe(refusal);
    expect(denying().refusal(TOKEN)).toBeUndefined();
  });

  it('says what the denylist of Gatehouse itself says, of whatever comes in whatever order', () => {
    const name = fc.constantFrom('s', 't', 'u', 'k', '*');
    const spared = fc.option(fc.constantFrom('s', 'other'), { nil: undefined });
    const kind = fc.constantFrom<RevocationKind>('session', 'token', 'user', 'key', 'era');
    const told = fc.record({ kind, subject: name, minimum: fc.nat(6), spared, lifeMs: fc.nat(3) });
    const token = fc.record({
      tokenId: name,
      sessionId: name,
      userId: name,
      keyId: name,
      ver: fc.nat(6),
      era: fc.nat(6),
    });
    fc.assert(
      fc.property(
        fc.array(told, { maxLength: 12 }),
        fc.array(token, { maxLength: 6 }),
        fc.nat(3),
        (all, tokens, at) => {
          const own = new OwnDenylist();
          const other = new Denylist(100);
          for (const { minimum, spared: session, lifeMs, ...named } of all) {
            const versioned = named.kind === 'user' || named.kind === 'era';
            const expiresAtMs = NOW_MS + lifeMs;
            own.apply({
              ...named,
              minimum: versioned ? minimum : null,
              spared: session ?? null,
              expiresAt: new Date(expiresAtMs),
            });
            other.apply({
              ...named,
              ...(versioned && { minimum }),
              ...(session !== undefined && { spared: session }),
              expiresAtMs,
            });
          }
          own.prune(new Date(NOW_MS + at));
          other.prune(NOW_MS + at);
          expect(other.size).toBe(own.size);
          expect(tokens.map((each) => other.refusal(each))).toEqual(tokens.map((each) => own.refusal(each)));
        },
      ),
    );
  });

  it('drops what has run out, and not a moment earlier', () => {
    const denylist = denying(revocation('session', 's'));
    denylist.prune(NOW_MS + 4_199_999);
    expect(denylist.refusal(TOKEN)).toBe('revoked');
    denylist.prune(NOW_MS + 4_200_000);
    expect([denylist.size, denylist.refusal(TOKEN)]).toEqual([0, undefined]);
  });

  it('takes no more than it may hold, and drops none to make room', () => {
    const denylist = denying(...Array.from({ length: 100 }, (_, index) => revocation('session', `s${index}`)));
    expect(() => {
      denylist.apply(revocation('session', 's100'));
    }).toThrow('more than 100');
    denylist.apply(revocation('session', 's7'));
    expect(denylist.size).toBe(100);
    expect(denylist.refusal({ ...TOKEN, sessionId: 's0' })).toBe('revoked');
  });
});
