import fc from 'fast-check';

import { noteLimit, rateLimitFields } from './rate-limit-fields.js';

const limit = { policy: 'login', quota: 5, windowSeconds: 900, remaining: 4, resetSeconds: 871 };

describe('the rate limit fields', () => {
  it('are absent where nothing was noted', () => {
    expect(rateLimitFields({})).toEqual({});
  });

  it('have the last note of a policy, as when a reserved try is given back', () => {
    const request = {};
    noteLimit(request, limit);
    noteLimit(request, { ...limit, policy: 'other' });
    noteLimit(request, { ...limit, remaining: 5 });
    expect(rateLimitFields(request)).toEqual({
      'ratelimit-policy': '"login";q=5;w=900, "other";q=5;w=900',
      ratelimit: '"login";r=5;t=871, "other";r=4;t=871',
    });
  });

  it('are structured fields whatever the numbers', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer(),
        fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
        (policy, remaining, resetSeconds) => {
          const request = {};
          noteLimit(request, { ...limit, policy, remaining, resetSeconds });
          expect(rateLimitFields(request).ratelimit).toMatch(
            /^"(?:[\x20-\x21\x23-\x5B\x5D-\x7E]|\\["\\])*";r=\d+;t=\d+$/,
          );
        },
      ),
    );
  });
});
