import { OverloadedError } from './users.errors.js';

/** Hears how long jobs waited for their turn, in seconds, and of those that were refused. */
export interface QueueWatcher {
  waited(seconds: number): void;
  refused(): void;
}

/** Runs a few jobs at once, lets a bounded number wait in order, and refuses the rest at once. */
export class BoundedQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private refused = 0;

  constructor(
    private readonly concurrency: number,
    private readonly capacity: number,
    private readonly watcher?: QueueWatcher,
  ) {}

  /** @throws OverloadedError where `capacity` jobs wait already */
  async run<Result>(job: () => Promise<Result>): Promise<Result> {
    await this.enter();
    try {
      return await job();
    } finally {
      this.leave();
    }
  }

  get depth(): { readonly running: number; readonly waiting: number; readonly refused: number } {
    return { running: this.running, waiting: this.waiting.length, refused: this.refused };
  }

  private async enter(): Promise<void> {
    if (this.running < this.concurrency) {
      this.running += 1;
      this.watcher?.waited(0);
      return;
    }
    if (this.waiting.length >= this.capacity) {
      this.refused += 1;
      this.watcher?.refused();
      // 1 and 2 s in turn: not all who were refused together come back together.
      throw new OverloadedError(1 + (this.refused % 2));
    }
    const sinceMs = performance.now();
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.watcher?.waited((performance.now() - sinceMs) / 1000);
  }

  /** Hands the place on to the first who waits, so that no newcomer takes it in between. */
  private leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.running -= 1;
  }
}
