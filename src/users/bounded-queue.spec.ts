import { BoundedQueue } from './bounded-queue.js';
import { OverloadedError } from './users.errors.js';

const gate = (): { readonly opened: Promise<void>; readonly open: () => void } => {
  const opener = new AbortController();
  const opened = new Promise<void>((resolve) => {
    opener.signal.addEventListener('abort', () => {
      resolve();
    });
  });
  return {
    opened,
    open: () => {
      opener.abort();
    },
  };
};

describe('BoundedQueue', () => {
  it('runs no more than its concurrency at once, in order of arrival', async () => {
    const queue = new BoundedQueue(2, 10);
    const started: number[] = [];
    let running = 0;
    let most = 0;
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map((job) =>
        queue.run(async () => {
          started.push(job);
          most = Math.max(most, (running += 1));
          await Promise.resolve();
          running -= 1;
        }),
      ),
    );
    expect(most).toBe(2);
    expect(started).toEqual([0, 1, 2, 3, 4, 5]);
    expect(queue.depth).toEqual({ running: 0, waiting: 0, refused: 0 });
  });

  it('refuses at once what finds the queue full, with a time to come back', async () => {
    const queue = new BoundedQueue(1, 1);
    const { opened, open } = gate();
    const first = queue.run(() => opened);
    const second = queue.run(() => opened);
    const refused: unknown = await queue.run(() => opened).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OverloadedError);
    expect([1, 2]).toContain((refused as OverloadedError).options.retryAfterSeconds);
    expect(queue.depth).toEqual({ running: 1, waiting: 1, refused: 1 });
    open();
    await Promise.all([first, second]);
    expect(await queue.run(() => Promise.resolve('again'))).toBe('again');
  });

  it('gives the place of a failed job to the next', async () => {
    const queue = new BoundedQueue(1, 1);
    const failing = queue.run(() => Promise.reject(new Error('no')));
    const next = queue.run(() => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
  });
});
