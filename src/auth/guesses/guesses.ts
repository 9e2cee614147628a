import { Injectable } from '@nestjs/common';
import type { Executor } from '../../database/sql.js';
import type { NotedLimit } from '../../http/rate-limit-fields.js';
import { Metrics } from '../../observability/metrics.js';
import { RateLimitedError } from '../../security/security.errors.js';
import type { ClientContext } from '../../shared/client-context.js';
import { secondsUntil } from '../../shared/clock.js';
import type { UserId } from '../../shared/ids.js';
import { GuessCounters } from './guess-counters.js';
import type { Counted, CounterPolicy, CounterState } from './guess-counters.js';
import { GuessEvents } from './guess-events.js';
import type { CountedCheck } from './guess-events.js';
import { GUESS_POLICIES } from './guess-policies.js';
import type { GuessPolicyName } from './guess-policies.js';
import type { GuessSubject } from './guess-subjects.js';

/** How soon to come again where checks that are under way hold the budget, in seconds. */
const WHILE_UNDER_WAY = 1;
/** What is told of a wait that only a reset ends, in seconds. */
const UNTIL_RESET = 24 * 60 * 60;
/** A stranger who sees this count fall would learn that the address has an owner, who has just signed in. */
const UNTOLD: GuessPolicyName = 'login-account';

/** Who guesses, and who is told how many tries are left. */
export interface Guesser {
  readonly client: ClientContext;
  readonly noteLimit: (limit: NotedLimit) => void;
}

/** What a check of a password or code came to. Of a wrong one the account is named, if there is one, for events alone. */
export type GuessVerdict<Right> =
  | { readonly outcome: 'right'; readonly found: Right }
  | { readonly outcome: 'wrong'; readonly userId: UserId | undefined };

/** One try that was counted before anything was looked at. */
export interface Guess {
  readonly subjects: readonly GuessSubject[];
  readonly states: readonly CounterState[];
  readonly guesser: Guesser;
}

/**
 * Counts wrong passwords and codes. A try is reserved before anything is hashed or compared, so that parallel guesses
 * cannot slip through, and given back when it was right. Known and unknown addresses count alike.
 */
@Injectable()
export class Guesses {
  constructor(
    private readonly counters: GuessCounters,
    private readonly events: GuessEvents,
    private readonly metrics: Metrics,
  ) {
    for (const policy of Object.keys(GUESS_POLICIES)) metrics.rateLimited.inc({ policy }, 0);
  }

  /**
   * Runs a check under the counters. A try that comes to nothing by an error is taken back: nothing was learned by it.
   * @returns the guess, still reserved, with what the check found; undefined where it was wrong
   * @throws RateLimitedError without a look where one of the counters is spent
   */
  async attempt<Right>(
    subjects: readonly GuessSubject[],
    guesser: Guesser,
    now: Date,
    check: () => Promise<GuessVerdict<Right>>,
  ): Promise<{ readonly guess: Guess; readonly found: Right } | undefined> {
    const guess = await this.reserve(subjects, guesser, now);
    const verdict = await this.forgiving(guess, check);
    if (verdict.outcome === 'right') return { guess, found: verdict.found };
    await this.fail(guess, verdict.userId, now);
    return undefined;
  }

  /** Takes the try back where the work fails. */
  private async forgiving<Result>(guess: Guess, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      await this.giveBack(guess).catch(() => undefined);
      throw error;
    }
  }

  /** Takes the try back, under all or those policies alone: it was no wrong one. */
  async giveBack({ subjects, states }: Guess, policies?: readonly GuessPolicyName[]): Promise<void> {
    const taken = states.filter((_state, at) => !policies || policies.includes(subjects[at]?.policy ?? 'login'));
    await this.counters.giveBack(taken.map(({ bucket }) => bucket));
  }

  /** It was right, and yet refused for a reason that has nothing to do with guessing. */
  async refuse(guess: Guess, userId: UserId, reason: string, now: Date): Promise<void> {
    await this.giveBack(guess);
    await this.events.failed(checkOf(guess), userId, reason, now);
  }

  /** It was right, and a second factor is asked for. */
  async goOn(guess: Guess, userId: UserId, now: Date): Promise<void> {
    await this.giveBack(guess);
    await this.events.secondFactorAsked(checkOf(guess), userId, now);
  }

  /** Notes the limits as they are once what was counted is forgotten. */
  noteForgotten({ subjects, guesser }: Pick<Guess, 'subjects' | 'guesser'>): void {
    for (const { policy } of subjects) {
      const { quota, windowSeconds } = GUESS_POLICIES[policy];
      if (policy === UNTOLD || policy === 'login-network') continue;
      guesser.noteLimit({ policy, quota, windowSeconds, remaining: quota, resetSeconds: windowSeconds });
    }
  }

  /**
   * Forgets what was counted under these: their owner has shown to be one.
   * @returns how many tries in a row there were, at most, under one of them
   */
  async forget(on: Executor, subjects: readonly GuessSubject[], now: Date): Promise<number> {
    const forgotten = await this.counters.forget(on, await this.bucketsOf(subjects), now);
    return Math.max(0, ...forgotten.map(({ streak }) => streak));
  }

  /** Lets one more try pass under these, and forgets nothing. */
  async release(on: Executor, subjects: readonly GuessSubject[]): Promise<void> {
    await this.counters.release(on, await this.bucketsOf(subjects));
  }

  private bucketsOf(subjects: readonly GuessSubject[]): Promise<Buffer[]> {
    return Promise.all(subjects.map((subject) => this.counters.bucketOf(keyOf(subject))));
  }

  private async reserve(subjects: readonly GuessSubject[], guesser: Guesser, now: Date): Promise<Guess> {
    const { granted, states } = await this.counters.reserve(subjects.map(asCounted), now);
    subjects.forEach(({ policy }, at) => {
      const state = states[at];
      if (state && policy !== UNTOLD) guesser.noteLimit(limitOf(policy, state, now));
    });
    if (granted) return { subjects, states, guesser };
    const waits = states.map((state, at) => waitOf(state, subjects[at]?.policy ?? 'login', now));
    const longest = Math.max(0, ...waits);
    const spent = subjects[waits.indexOf(longest)]?.policy ?? 'login';
    this.metrics.rateLimited.inc({ policy: spent });
    if (longest > WHILE_UNDER_WAY) await this.events.refused(checkOf({ subjects, states, guesser }), spent, now);
    throw new RateLimitedError(Math.max(WHILE_UNDER_WAY, longest));
  }

  /** It was wrong: the try stays counted. What has just been blocked by it is an event too. */
  private async fail(guess: Guess, userId: UserId | undefined, now: Date): Promise<void> {
    const { subjects, states } = guess;
    const after = await this.counters.fail(
      states.map(({ bucket }) => bucket),
      now,
    );
    await this.events.failed(checkOf(guess), userId, 'wrong', now);
    for (const [at, state] of after.entries()) {
      const subject = subjects[at];
      const who = { check: checkOf(guess), userId, now };
      if (subject && isBlocked(state, now)) await this.events.blocked(subject, state, who);
    }
  }
}

const checkOf = ({ subjects, states, guesser: { client } }: Guess): CountedCheck => ({ subjects, states, client });
const keyOf = ({ policy, of }: GuessSubject): string[] => [policy, ...of];
const asCounted = (subject: GuessSubject): Counted => ({
  subject: keyOf(subject),
  policy: GUESS_POLICIES[subject.policy],
});

const isBlocked = ({ blockedUntil }: CounterState, now: Date): boolean =>
  blockedUntil === 'for good' || (blockedUntil !== undefined && blockedUntil > now);

function waitOf(state: CounterState, name: GuessPolicyName, now: Date): number {
  if (!isBlocked(state, now)) return 0;
  if (!(state.blockedUntil instanceof Date)) return UNTIL_RESET;
  const policy: CounterPolicy = GUESS_POLICIES[name];
  const spent = policy.waits?.spentBy === 'tries_in_a_row' ? state.streak : state.tries;
  const underWay = state.tries - state.failed;
  return spent - underWay < policy.quota ? WHILE_UNDER_WAY : secondsUntil(state.blockedUntil, now);
}

function limitOf(policy: GuessPolicyName, state: CounterState, now: Date): NotedLimit {
  const { quota, windowSeconds } = GUESS_POLICIES[policy];
  const blocked = isBlocked(state, now);
  const endsAt = state.blockedUntil ?? state.windowEndsAt;
  const untouched = state.tries === 0 ? windowSeconds : undefined;
  const resetSeconds = untouched ?? (endsAt === 'for good' ? UNTIL_RESET : secondsUntil(endsAt, now));
  const remaining = blocked ? 0 : Math.max(0, quota - state.tries);
  return { policy, quota, windowSeconds, remaining, resetSeconds };
}
