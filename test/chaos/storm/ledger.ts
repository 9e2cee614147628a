import type { Reply } from './wire.js';

/** How long a request that nobody waits for any more may still be under way: 5 s for a connection, 15 s for a statement. */
const UNDER_WAY_MS = 20_000;

/** A sign-in that was answered. Times are by `performance.now`. */
export interface OpenedSession {
  readonly id: string;
  readonly userId: string;
  readonly who: string;
  readonly sentMs: number;
  readonly openedMs: number;
}

/** One session, or all of a user's but perhaps one. */
type Scope = { readonly sessionId: string } | { readonly userId: string; readonly except?: string | undefined };

/** One request that ends sessions or makes their access tokens stale. */
export interface Ending {
  readonly what: string;
  readonly scope: Scope;
  /** `stale`: access tokens that were out must be refreshed. */
  readonly effect: 'ended' | 'stale';
  /** What the row of a session says that this ended. */
  readonly reason: string;
  readonly instance: string;
  readonly sentMs: number;
  /** When the same was first asked for: where that was served unanswered, the repeats change nothing. */
  readonly sinceMs: number;
  doneMs: number;
  outcome: 'acknowledged' | 'unknown' | 'refused';
}

/** What a request is to end. */
export type Wanted = Pick<Ending, 'what' | 'scope' | 'effect' | 'reason'>;

/** A guarded request or a refresh, and what it was answered with: `granted`, `unanswered` or the code of a problem. */
export interface Call {
  readonly what: 'guarded' | 'refresh';
  readonly by: 'owner' | 'witness' | 'thief';
  readonly sessionId: string;
  /** When the token that was shown had been handed over, and asked for. */
  readonly tokenMs: number;
  readonly askedMs: number;
  /** Of a refresh token. */
  readonly generation?: number;
  readonly instance: string;
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly verdict: string;
}

/** A time in which an instance, or every one, could not learn of anything. */
export interface Hindrance {
  readonly what: string;
  /** Every one where undefined. */
  readonly instance?: string | undefined;
  readonly fromMs: number;
  toMs: number;
}

/** Something that must not be, and whose story tells how it came to be. */
export interface Finding {
  readonly text: string;
  readonly sessionId?: string | undefined;
  readonly userId?: string | undefined;
  readonly atMs?: number | undefined;
}

/** An access token as it was handed over. */
export interface HandedOver extends Pick<Call, 'tokenMs' | 'askedMs'> {
  readonly accessToken: string;
}

const KEPT_TOKENS = 3;

/** All that was asked, answered and done in a storm, in the order of its coming. */
export class Ledger {
  readonly sessions = new Map<string, OpenedSession>();
  readonly endings: Ending[] = [];
  readonly calls: Call[] = [];
  readonly hindrances: Hindrance[] = [];
  /** What happened that is no request: faults. */
  readonly notes: { readonly atMs: number; readonly text: string }[] = [];
  /** What an actor met that no contract allows. */
  readonly objections: Finding[] = [];

  /** The newest of each session, the newest first. */
  readonly tokens = new Map<string, readonly HandedOver[]>();
  /** Hears of each ending as it is acknowledged. */
  onAcknowledged: (ending: Ending) => void = () => undefined;

  handOver(sessionId: string, token: HandedOver): void {
    this.tokens.set(sessionId, [token, ...(this.tokens.get(sessionId) ?? [])].slice(0, KEPT_TOKENS));
  }

  open(session: OpenedSession): void {
    this.sessions.set(session.id, session);
  }

  /** @returns the ending, of which nothing is known until `settle` */
  begin(ending: Wanted & Pick<Ending, 'instance'>, sinceMs = performance.now()): Ending {
    const begun: Ending = { ...ending, sinceMs, sentMs: performance.now(), doneMs: Infinity, outcome: 'unknown' };
    this.endings.push(begun);
    return begun;
  }

  settle(ending: Ending, { status, answeredMs }: Reply, isDone = status >= 200 && status < 300): void {
    if (isDone) ending.outcome = 'acknowledged';
    else if (status >= 400 && status < 500) ending.outcome = 'refused';
    ending.doneMs = ending.outcome === 'unknown' ? ending.sentMs + UNDER_WAY_MS : answeredMs;
    if (ending.outcome === 'acknowledged') this.onAcknowledged(ending);
  }

  call(call: Omit<Call, 'sentMs' | 'answeredMs' | 'verdict'>, { sentMs, answeredMs, verdict }: Reply): void {
    this.calls.push({ ...call, sentMs, answeredMs, verdict });
  }

  note(text: string): void {
    this.notes.push({ atMs: performance.now(), text });
  }

  object(text: string, about: Omit<Finding, 'text'> = {}): void {
    this.objections.push({ text, atMs: performance.now(), ...about });
  }

  /** From now until `toMs` is set, the bound of five seconds holds. */
  hinder(what: string, instance?: string): Hindrance {
    const hindrance: Hindrance = { what, instance, fromMs: performance.now(), toMs: Infinity };
    this.hindrances.push(hindrance);
    return hindrance;
  }

  /** The live sessions of a user as far as anybody knows. */
  sessionsOf(userId: string): OpenedSession[] {
    return [...this.sessions.values()].filter((session) => session.userId === userId);
  }
}
