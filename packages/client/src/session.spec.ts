import type { SessionState } from './session.js';
import { sessionMemory } from './session.js';

const inMs = (ms: number): number => Date.now() + ms;
const grant = (accessToken: string, sessionId = 'one', usableUntil = inMs(60_000)) => ({
  accessToken,
  sessionId,
  usableUntil,
});

describe('the session in memory', () => {
  it('is one object until it changes, and tells its listeners of changes alone', async () => {
    const memory = sessionMemory(() => undefined);
    const told: SessionState[] = [];
    const stop = memory.subscribe((state) => told.push(state));
    memory.hold(grant('a'));
    const { state } = memory;
    const first = state();
    memory.hold(grant('b', 'one', inMs(90_000)));
    expect(state()).toBe(first);
    expect(memory.grant()?.accessToken).toBe('b');
    memory.end('signed_out');
    memory.end('token_revoked');
    await Promise.resolve();
    stop();
    memory.hold(grant('c', 'two'));
    await Promise.resolve();
    expect(told).toEqual([first, { status: 'signedOut', reason: 'signed_out' }]);
  });

  it('does not go back to an older access token, nor to a session that has ended', () => {
    const memory = sessionMemory(() => undefined);
    memory.hold(grant('newer'));
    memory.hold(grant('older', 'one', inMs(30_000)));
    expect(memory.grant()?.accessToken).toBe('newer');
    memory.end('signed_out');
    memory.hold(grant('late', 'one', inMs(90_000)));
    expect([memory.state().status, memory.grant()]).toEqual(['signedOut', undefined]);
    memory.hold(grant('other', 'two', inMs(30_000)));
    expect(memory.sessionId()).toBe('two');
  });

  it('does not use what has run out', () => {
    const memory = sessionMemory(() => undefined);
    memory.hold(grant('a', 'one', inMs(-1)));
    expect([memory.usable(), memory.sessionId()]).toEqual([undefined, 'one']);
  });

  it('gives a visitor who was never signed in no reason', () => {
    const memory = sessionMemory(() => undefined);
    memory.end('refresh_invalid');
    expect(memory.state()).toEqual({ status: 'signedOut', reason: undefined });
  });
});
