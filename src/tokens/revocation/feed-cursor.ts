import type { Executor } from '../../database/sql.js';
import { within } from '../../shared/within.js';
import { START, readFeed } from './feed-reader.js';
import type { FeedBatch } from './feed-reader.js';

/** Where the reading of the feed stands, and what comes next in it. */
export class FeedCursor {
  private passedPosition = START;
  private readFrom = START;

  constructor(private readonly on: Executor) {}

  /** Everything below this transaction id has been applied: a position to go on from. */
  get position(): string {
    return this.passedPosition;
  }

  /**
   * Reads on. A server that lost its last transactions gives their ids out again: so everything is read where the ids went
   * back, and after a read that failed, since the server that answers next may be a standby which was behind.
   * @param limitMs an answer that takes longer tells nothing current: another connection may do better
   */
  async next(limitMs: number): Promise<FeedBatch> {
    try {
      const batch = await within(limitMs, readFeed(this.on, this.readFrom));
      return BigInt(batch.position) < BigInt(this.readFrom) ? await readFeed(this.on, START) : batch;
    } catch (error) {
      this.readFrom = START;
      throw error;
    }
  }

  /** Goes on behind a batch, whose entries have been applied. */
  pass({ position }: FeedBatch): void {
    this.passedPosition = this.readFrom = position;
  }
}
