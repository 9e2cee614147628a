import { errorOf } from './errors.js';
import type { GatehouseError } from './errors.js';
import { persistently } from './service.js';

const problem = (status: number, retryAfter?: number): GatehouseError =>
  errorOf(
    new Response(null, { status, headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) } }),
    {},
  );

describe('a call that is repeated', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** @returns when each try came, in ms since the first */
  const tries = async (fail: () => Error): Promise<number[]> => {
    const at: number[] = [];
    const start = Date.now();
    const call = persistently(() => {
      at.push(Date.now() - start);
      return Promise.reject(fail());
    }).catch(() => undefined);
    await jest.runAllTimersAsync();
    await call;
    return at;
  };

  it.each([400, 401, 403, 404, 422])('is not after %d', async (status) => {
    expect(await tries(() => problem(status))).toHaveLength(1);
  });

  it.each([408, 409, 429, 500, 502, 503, 504])('is, four times in all and ever later, after %d', async (status) => {
    const [, second = 0, third = 0, fourth = 0, ...more] = await tries(() => problem(status));
    expect(more).toEqual([]);
    expect([second >= 250, third - second >= 500, fourth - third >= 1000, fourth < 3000]).toEqual(Array(4).fill(true));
  });

  it('is after no answer at all', async () => {
    expect(await tries(() => new TypeError('failed to fetch'))).toHaveLength(4);
  });

  it('never comes before Retry-After, and not at all where that is over 10 s', async () => {
    const [, second = 0, third = 0] = await tries(() => problem(503, 10));
    expect([second >= 10_000, third - second >= 10_000, third < 21_000]).toEqual([true, true, true]);
    expect(await tries(() => problem(503, 11))).toHaveLength(1);
  });

  it('answers as soon as it succeeds', async () => {
    let left = 2;
    const call = persistently(() => (left-- > 0 ? Promise.reject(problem(503, 0)) : Promise.resolve('done')));
    await jest.runAllTimersAsync();
    expect(await call).toBe('done');
  });
});
