import type { DataSource } from 'typeorm';
import { Metrics } from '../../observability/metrics.js';
import { SystemClock } from '../../shared/clock.js';
import type { SigningKeys } from '../keys/signing-keys.js';
import { RevocationUnknownError } from '../tokens.errors.js';
import { Denylist } from './denylist.js';
import { RevocationFeed } from './revocation-feed.js';
import { NoSignal } from './revocation-signal.js';

function feedOver(query: () => Promise<unknown>): { readonly feed: RevocationFeed; readonly reload: jest.Mock } {
  const reload = jest.fn(() => Promise.resolve());
  const keys = { reload } as unknown as SigningKeys;
  const source = { query } as unknown as DataSource;
  const feed = new RevocationFeed(source, new Denylist(), keys, new NoSignal(), new SystemClock(), new Metrics());
  return { feed, reload };
}

describe('RevocationFeed', () => {
  it('reads the keys again at the first read, since they may have changed after this instance loaded them', async () => {
    const { feed, reload } = feedOver(() =>
      Promise.resolve([{ position: '7', keysVersion: 3, databaseTime: new Date(), kind: null }]),
    );
    await feed.read();
    await feed.read();
    expect(reload).toHaveBeenCalledTimes(1);
  });

  describe('before a Postgres that answers late or never', () => {
    beforeEach(() => {
      jest.useFakeTimers();
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    it('holds a request for a second and no longer', async () => {
      const { feed } = feedOver(() => new Promise(() => undefined));
      const refused = expect(feed.assertCurrent()).rejects.toBeInstanceOf(RevocationUnknownError);
      await jest.advanceTimersByTimeAsync(1_000);
      await refused;
    });

    it('waits longer for all that there is at the start, and is current behind it', async () => {
      const answer = (): unknown[] => [{ position: '7', keysVersion: 3, databaseTime: new Date(), kind: null }];
      const query = jest.fn(() => Promise.resolve(answer()));
      query.mockImplementationOnce(
        () =>
          new Promise((resolve) => {
            setTimeout(() => {
              resolve(answer());
            }, 20_000);
          }),
      );
      const { feed } = feedOver(query);
      const started = feed.onApplicationBootstrap();
      await jest.advanceTimersByTimeAsync(20_000);
      await started;
      expect([feed.isCurrent(), query.mock.calls.length]).toEqual([true, 2]);
      await feed.onApplicationShutdown();
    });

    it('gives a question up after five seconds and asks another', async () => {
      const query = jest.fn(() => new Promise(() => undefined));
      const { feed } = feedOver(query);
      const failed = expect(feed.read()).rejects.toThrow('no answer within 5000 ms');
      await jest.advanceTimersByTimeAsync(5_000);
      await failed;
      void feed.read().catch(() => undefined);
      expect(query).toHaveBeenCalledTimes(2);
      await jest.advanceTimersByTimeAsync(5_000);
    });
  });
});
