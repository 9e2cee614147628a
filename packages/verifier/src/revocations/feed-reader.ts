import type { FeedCurrency } from './feed-currency.js';
import type { Denylist } from './denylist.js';
import type { StreamEvent } from './event-stream.js';
import { parseRevocation } from './revocation.js';

/** Revocations outlive the tokens that they refuse by ten minutes: a clock set back by more could bring back what was dropped. */
const SET_BACK_MS = 60_000;

/** Where the reading of the feed stands, over all of its connections. */
export class FeedReader {
  private position: string | undefined;
  private isReady = false;
  private sentMs = 0;

  /**
   * @param maxStalenessMs after a longer silence nothing is taken for current that an open connection still says: it may have
   * waited on the way
   * @param onKey told of each key that is revoked
   */
  constructor(
    private readonly denylist: Denylist,
    private readonly currency: FeedCurrency,
    private readonly maxStalenessMs: number,
    private readonly onKey: (kid: string) => void,
  ) {}

  /** The id of the event from which the next connection goes on; undefined to be told everything. */
  get resumeFrom(): string | undefined {
    return this.position;
  }

  /** Whether this connection has told all that there was before. */
  get ready(): boolean {
    return this.isReady;
  }

  /** @param sentMs when it was asked for: what `ready` stands for is no older than that */
  begin(sentMs: number): void {
    this.isReady = false;
    this.sentMs = sentMs;
  }

  /**
   * @returns whether it says that what is known is current
   * @throws Error for what cannot be understood or held
   */
  take({ event, data, id }: StreamEvent): boolean {
    if (this.currency.setBackMs() > SET_BACK_MS) this.startAnew();
    if (event === 'reset') this.position = undefined;
    else if (event === 'revocation') this.apply(data);
    else if (event === 'ready') this.isReady = true;
    // The position is that behind all before it: before `ready` there is none.
    if (id !== undefined && this.isReady) this.position = id;
    if (event === 'ready') this.currency.renew(this.sentMs);
    else if (this.isReady && (event === 'current' || event === 'revocation')) this.renew();
    else return false;
    return true;
  }

  private startAnew(): never {
    this.position = undefined;
    this.currency.forget();
    throw new Error('the clock was set back: everything has to be told again');
  }

  private apply(data: string): void {
    const revocation = parseRevocation(data);
    this.denylist.apply(revocation);
    if (revocation.kind === 'key') this.onKey(revocation.subject);
  }

  private renew(): void {
    if (this.currency.stalenessMs() > this.maxStalenessMs)
      throw new Error('what the feed says may have waited on the way');
    this.currency.renew();
  }
}
