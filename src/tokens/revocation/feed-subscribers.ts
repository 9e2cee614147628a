import type { FeedBatch, FeedEntry } from './feed-reader.js';

/** @param position everything below it has been told once these entries have */
export type Subscriber = (entries: readonly FeedEntry[], position: string) => void;

/** Those who are told what each read finds. */
export class FeedSubscribers {
  private readonly subscribers = new Set<Subscriber>();
  private lastIds: ReadonlySet<string> | undefined;

  /** @returns how to end the subscription */
  add(subscriber: Subscriber): () => void {
    this.subscribers.add(subscriber);
    return () => this.subscribers.delete(subscriber);
  }

  /**
   * Tells what has not been told: a long transaction makes each read repeat what came since it began.
   * @returns that; nothing at the first read, which finds what was there before
   */
  tell({ found, position }: FeedBatch): readonly FeedEntry[] {
    const known = this.lastIds;
    this.lastIds = new Set(found.map(({ id }) => id));
    const fresh = known ? found.filter(({ id }) => !known.has(id)) : [];
    if (fresh.length > 0) for (const subscriber of this.subscribers) subscriber(fresh, position);
    return fresh;
  }
}
