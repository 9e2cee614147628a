import type { Clock } from '../clock.js';
import type { Principal } from './principal.js';
import { VerifiedTokens } from './verified-tokens.js';
import type { VerifiedToken } from './verified-tokens.js';

const START_SECONDS = 1_795_000_000;
const PRINCIPAL: Principal = {
  userId: 'u',
  sessionId: 's',
  tokenId: 't',
  keyId: 'k',
  roles: [],
  ver: 1,
  era: 1,
  amr: [],
  authenticatedAt: new Date(0),
  issuedAt: new Date(0),
  expiresAt: new Date(0),
};
const LIVE: VerifiedToken = {
  principal: PRINCIPAL,
  algorithm: 'ES256',
  fromSeconds: START_SECONDS - 5,
  untilSeconds: START_SECONDS + 900,
};

describe('what is remembered of tokens', () => {
  let seconds: number;
  const clock: Clock = { wallMs: () => seconds * 1000, monotonicMs: () => 0 };
  beforeEach(() => {
    seconds = START_SECONDS;
  });

  it('holds from the beginning of the token up to its very end', () => {
    const tokens = new VerifiedTokens(clock, { atMost: 10, lifeSeconds: 3_600 });
    tokens.remember('a', LIVE);
    const at = (time: number): boolean => {
      seconds = time;
      return tokens.recall('a') !== undefined;
    };
    expect([START_SECONDS - 6, START_SECONDS - 5, START_SECONDS + 899, START_SECONDS + 900].map(at)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(tokens.recall('b')).toBeUndefined();
  });

  it('is bounded, and what is shown again outlives what is not', () => {
    const tokens = new VerifiedTokens(clock, { atMost: 10, lifeSeconds: 3_600 });
    for (let index = 0; index < 100; index += 1) {
      tokens.remember(`t${index}`, LIVE);
      if (index % 3 === 0) expect(tokens.recall('t0')).toBeDefined();
      expect(tokens.size).toBeLessThanOrEqual(10);
    }
    expect(tokens.recall('t1')).toBeUndefined();
  });

  it('is gone after two lives of a token at the latest', () => {
    const tokens = new VerifiedTokens(clock, { atMost: 1_000, lifeSeconds: 900 });
    tokens.remember('a', LIVE);
    for (let index = 1; index <= 2; index += 1) {
      seconds += 900;
      tokens.remember(`b${index}`, LIVE);
    }
    expect(tokens.size).toBe(2);
  });

  it('is nothing where nothing is to be', () => {
    const tokens = new VerifiedTokens(clock, { atMost: 0, lifeSeconds: 900 });
    tokens.remember('a', LIVE);
    expect([tokens.size, tokens.recall('a')]).toEqual([0, undefined]);
  });
});
