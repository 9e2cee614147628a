import type { ServerResponse } from 'node:http';
import type { FeedEntry } from './feed-reader.js';

const MAX_UNREAD = 1_000;
const RETRY_MS = 1_000;

/** One reader of the feed: server-sent events over a response (HTML Living Standard §9.2). */
export class RevocationStream {
  private unread = 0;
  private behind = false;
  /** What came while the reader was still being told what there was before. */
  private waiting: (() => void)[] | undefined = [];

  constructor(private readonly response: ServerResponse) {
    response.on('drain', () => {
      this.behind = false;
      this.unread = 0;
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
  }

  /** Tells what there was before, at the reader's pace, and from then on what comes. */
  async begin(entries: readonly FeedEntry[], options: { readonly reset: boolean; readonly id: string }): Promise<void> {
    if (options.reset) this.write('reset', '{}');
    for (const entry of entries) {
      if (this.response.destroyed) return;
      this.write('revocation', dataOf(entry));
      if (this.behind) await this.whenTaken();
    }
    this.write('ready', '{}', options.id);
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const send of waiting) send();
  }

  /** @param id the place that has been reached once all of them are read */
  tell(entries: readonly FeedEntry[], id: string): void {
    this.live(() => {
      entries.forEach((entry, index) => {
        this.write('revocation', dataOf(entry), index === entries.length - 1 ? id : undefined);
      });
    });
  }

  current(id: string): void {
    if (!this.waiting) this.write('current', '{}', id);
  }

  /** @param retryMs after which the reader is to come back: not all of them at once, where they all have to go */
  end(retryMs?: number): void {
    if (retryMs !== undefined && !this.response.writableEnded) this.response.write(`retry: ${retryMs}\n\n`);
    this.response.end();
  }

  /** Until the reader has taken what there is, or has gone. */
  private whenTaken(): Promise<void> {
    const { response } = this;
    return new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
      // It may have gone already, and says so once.
      if (response.destroyed) done();
    });
  }

  private live(send: () => void): void {
    if (!this.waiting) send();
    else if (this.waiting.length < MAX_UNREAD) this.waiting.push(send);
    else this.response.destroy();
  }

  private write(event: string, data: string, id?: string): void {
    if (this.response.writableEnded || this.response.destroyed) return;
    const flushed = this.response.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`);
    this.behind = !flushed;
    this.unread = flushed ? 0 : this.unread + 1;
    // A reader that has stopped reading: what it missed it gets when it connects again.
    if (this.unread > MAX_UNREAD) this.response.destroy();
  }
}

/** Never a reason, an address or an actor. */
function dataOf({ kind, subject, minimum, expiresAt }: FeedEntry): string {
  return JSON.stringify({ kind, subject, ...(minimum !== null && { minimum }), expiresAt: expiresAt.toISOString() });
}
