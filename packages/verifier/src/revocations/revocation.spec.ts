import { parseRevocation } from './revocation.js';

const EXPIRES = { expiresAt: '2026-11-24T08:06:30.170Z' };

describe('an event of the feed', () => {
  it('says what is revoked, and until when', () => {
    expect(parseRevocation(JSON.stringify({ kind: 'user', subject: 'u', minimum: 3, ...EXPIRES }))).toEqual({
      kind: 'user',
      subject: 'u',
      minimum: 3,
      expiresAtMs: 1_795_507_590_170,
    });
  });

  it.each([
    ['no JSON', 'x'],
    ['no object', '[]'],
    ['nothing', 'null'],
    ['a kind that is not known', JSON.stringify({ kind: 'device', subject: 'd', ...EXPIRES })],
    ['no subject', JSON.stringify({ kind: 'session', ...EXPIRES })],
    ['a user without a version', JSON.stringify({ kind: 'user', subject: 'u', ...EXPIRES })],
    ['an era with a version in text', JSON.stringify({ kind: 'era', subject: '*', minimum: '3', ...EXPIRES })],
    ['a session with a version', JSON.stringify({ kind: 'session', subject: 's', minimum: 3, ...EXPIRES })],
    ['no end', JSON.stringify({ kind: 'session', subject: 's' })],
  ])('is refused rather than overlooked where it has %s', (_, data) => {
    expect(() => parseRevocation(data)).toThrow();
  });
});
