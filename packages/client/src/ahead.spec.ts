import { refreshAhead } from './ahead.js';
import { sessionMemory } from './session.js';

const LIFE_MS = 100_000;

describe('a refresh ahead of the expiry', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const start = (outcome: () => Promise<void> = () => Promise.resolve()) => {
    const memory = sessionMemory(() => {
      ahead.schedule();
    });
    let times = 0;
    const ahead = refreshAhead(memory, () => {
      times += 1;
      return outcome();
    });
    const hold = (accessToken = 'a'): void => {
      memory.hold({ accessToken, sessionId: 'one', usableUntil: Date.now() + LIFE_MS });
    };
    hold();
    return { memory, ahead, hold, times: () => times };
  };

  it('comes at 70 to 95 % of the time that is left, and not for all at once', async () => {
    const many = Array.from({ length: 200 }, () => start());
    const refreshed = (): number => many.reduce((sum, { times }) => sum + times(), 0);
    await jest.advanceTimersByTimeAsync(LIFE_MS * 0.7 - 1);
    expect(refreshed()).toBe(0);
    await jest.advanceTimersByTimeAsync(LIFE_MS * 0.125);
    expect(refreshed()).toBeGreaterThan(40);
    expect(refreshed()).toBeLessThan(160);
    await jest.advanceTimersByTimeAsync(LIFE_MS * 0.125 + 1);
    expect(refreshed()).toBe(200);
  });

  it('counts anew from a token that another tab got', async () => {
    const { times, hold } = start();
    await jest.advanceTimersByTimeAsync(LIFE_MS * 0.6);
    hold('b');
    await jest.advanceTimersByTimeAsync(LIFE_MS * 0.6);
    expect(times()).toBe(0);
  });

  it('is tried again in 15 to 30 s where it fails', async () => {
    const { times } = start(() => Promise.reject(new Error('away')));
    await jest.advanceTimersByTimeAsync(LIFE_MS);
    const before = times();
    await jest.advanceTimersByTimeAsync(30_000);
    expect(times()).toBeGreaterThan(before);
  });

  it.each(['a sign-out', 'the close'])('does not come after %s', async (what) => {
    const { memory, ahead, times } = start();
    if (what === 'the close') ahead.stop();
    else memory.end('signed_out');
    ahead.schedule();
    await jest.advanceTimersByTimeAsync(LIFE_MS * 3);
    expect(times()).toBe(0);
  });
});
