const GRACE_SECONDS = 30;
const DAY_SECONDS = 24 * 60 * 60;
const IDLE_SECONDS = 7 * DAY_SECONDS;
const MAX_AGE_SECONDS = 30 * DAY_SECONDS;

export type RefreshAnswer =
  'rotated' | 'repeated' | 'refresh_superseded' | 'refresh_reused' | 'refresh_expired' | 'session_revoked';

interface Spending {
  readonly at: number;
  readonly key: string | undefined;
}

/** The table of the contract, §2, written from its text and not from the code. Times are in seconds. */
export class SessionModel {
  generation = 1;
  ended = false;
  private lastUsedAt: number;
  private readonly spendings: Map<number, Spending>;

  constructor(
    private readonly openedAt: number,
    spendings: ReadonlyMap<number, Spending> = new Map(),
  ) {
    this.lastUsedAt = openedAt;
    this.spendings = new Map(spendings);
  }

  copy(): SessionModel {
    const copy = new SessionModel(this.openedAt, this.spendings);
    return Object.assign(copy, { generation: this.generation, ended: this.ended, lastUsedAt: this.lastUsedAt });
  }

  /** When the session ends by itself. */
  get endsAt(): number {
    return Math.min(this.lastUsedAt + IDLE_SECONDS, this.openedAt + MAX_AGE_SECONDS);
  }

  isWithinGrace(generation: number, now: number): boolean {
    const spending = this.spendings.get(generation);
    return spending !== undefined && now - spending.at <= GRACE_SECONDS;
  }

  present(generation: number, key: string | undefined, now: number): RefreshAnswer {
    if (this.ended) return 'session_revoked';
    if (now >= this.endsAt) return 'refresh_expired';
    if (generation === this.generation) return this.rotate(key, now);
    const behind = this.generation - generation;
    const withItsKey = key !== undefined && this.spendings.get(generation)?.key === key;
    if (behind === 1 && (withItsKey || this.isWithinGrace(generation, now))) return 'repeated';
    if (behind === 2 && this.isWithinGrace(generation, now)) return 'refresh_superseded';
    this.ended = true;
    return 'refresh_reused';
  }

  private rotate(key: string | undefined, now: number): RefreshAnswer {
    this.spendings.set(this.generation, { at: now, key });
    this.generation += 1;
    this.lastUsedAt = now;
    return 'rotated';
  }
}
