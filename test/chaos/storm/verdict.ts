import type { Call, Ending, Finding, Hindrance, Ledger, OpenedSession } from './ledger.js';

/** The contract's bounds, in milliseconds after a revocation was acknowledged. */
export const WITHIN_MS = 1_000;
export const AT_MOST_MS = 5_000;

type Told = Pick<Ledger, 'sessions' | 'endings' | 'calls' | 'hindrances'>;

/** A session with all that is known of it. */
interface Case {
  readonly session: OpenedSession;
  readonly endings: readonly Ending[];
  readonly calls: readonly Call[];
}

const concerns = ({ scope }: Ending, { id, userId }: OpenedSession): boolean =>
  'sessionId' in scope ? scope.sessionId === id : scope.userId === userId && scope.except !== id;

/** The session was there, and handed over, before the request was sent. */
export const mustConcern = (ending: Ending, session: OpenedSession): boolean =>
  concerns(ending, session) && session.openedMs < ending.sentMs;

/** The request may have met the session: each may have been under way while the other was. */
export const mayConcern = (ending: Ending, session: OpenedSession): boolean =>
  ending.outcome !== 'refused' && concerns(ending, session) && ending.doneMs >= session.sentMs;

export function casesOf({ sessions, endings, calls }: Omit<Told, 'hindrances'>): Case[] {
  const bySession = new Map<string, Call[]>();
  for (const call of calls) bySession.set(call.sessionId, [...(bySession.get(call.sessionId) ?? []), call]);
  return [...sessions.values()].map((session) => ({
    session,
    endings: endings.filter((ending) => concerns(ending, session)),
    calls: bySession.get(session.id) ?? [],
  }));
}

/**
 * How long after its acknowledgement a revocation may go unnoticed: not at all at the instance that answered; at another until it
 * has had one whole second in which it could ask Postgres and be answered; five seconds whatever happens.
 */
function boundMs(ending: Ending, call: Call, hindrances: readonly Hindrance[]): number {
  if (call.instance === ending.instance) return 0;
  const latestMs = ending.doneMs + AT_MOST_MS;
  let secondMs = ending.doneMs;
  const inOrder = hindrances
    .filter(
      ({ instance = call.instance, fromMs, toMs }) =>
        instance === call.instance && toMs >= ending.doneMs && fromMs <= latestMs,
    )
    .sort((one, other) => one.fromMs - other.fromMs);
  for (const { fromMs, toMs } of inOrder) {
    if (fromMs > secondMs + WITHIN_MS) break;
    secondMs = Math.max(secondMs, toMs);
  }
  return Math.min(secondMs + WITHIN_MS, latestMs) - ending.doneMs;
}

/** @returns whether an acknowledged ending has to refuse what a call showed, sooner or later */
function mustRefuse(ending: Ending, session: OpenedSession, call: Call): boolean {
  if (ending.outcome !== 'acknowledged' || !mustConcern(ending, session)) return false;
  return ending.effect === 'ended' || (call.what === 'guarded' && call.tokenMs < ending.sinceMs);
}

/** A call after an acknowledged revocation of what it showed: how long after, and how long it might have been let in. */
interface Showing {
  readonly session: OpenedSession;
  readonly ending: Ending;
  readonly call: Call;
  readonly lateMs: number;
  readonly boundMs: number;
}

function showings(told: Told): Showing[] {
  return casesOf(told).flatMap(({ session, endings, calls }) =>
    calls.flatMap((call) =>
      endings
        .filter((ending) => call.sentMs > ending.doneMs && mustRefuse(ending, session, call))
        .map((ending) => ({
          session,
          ending,
          call,
          lateMs: call.sentMs - ending.doneMs,
          // A refresh reads the row itself.
          boundMs: call.what === 'refresh' ? 0 : boundMs(ending, call, told.hindrances),
        })),
    ),
  );
}

/** What was let in after a revocation was acknowledged, within the bound or beyond. */
export const acceptances = (told: Told): Showing[] => showings(told).filter(({ call }) => call.verdict === 'granted');

/**
 * Of the answered calls between both bounds, how many had to be refused already: where none had, nothing was shown of the
 * shorter one.
 */
export function heldToASecond(told: Told): { readonly held: number; readonly of: number } {
  const between = showings(told).filter(
    ({ call, ending, lateMs }) =>
      call.what === 'guarded' &&
      call.verdict !== 'unanswered' &&
      call.instance !== ending.instance &&
      lateMs > WITHIN_MS &&
      lateMs <= AT_MOST_MS,
  );
  return { held: between.filter((showing) => showing.lateMs > showing.boundMs).length, of: between.length };
}

/** No request is let in later than the contract's bounds after an acknowledged revocation. */
export const lateAcceptances = (told: Told): Finding[] =>
  acceptances(told)
    .filter((acceptance) => acceptance.lateMs > acceptance.boundMs)
    .map(({ session, ending, call, lateMs, boundMs: bound }) => ({
      sessionId: session.id,
      atMs: call.sentMs,
      text:
        `a ${call.what} call of ${session.who} was let in by ${call.instance} ${lateMs.toFixed(0)} ms after ` +
        `${ending.instance} acknowledged "${ending.what}": at most ${bound} ms`,
    }));

/** Answers that say nothing against whoever asked: to be asked again. */
const PASSING = new Set(['granted', 'unanswered', 'revocation_unknown', 'unavailable', 'overloaded']);

/** No honest client is refused for a session that nobody ended, nor for anything else. */
export const wrongRefusals = (told: Told): Finding[] =>
  casesOf(told).flatMap(({ session, endings, calls }) =>
    calls
      .filter((call) => call.by === 'owner' && !PASSING.has(call.verdict) && !isDue(call, session, endings))
      .map(({ what, verdict, instance, answeredMs }) => ({
        sessionId: session.id,
        atMs: answeredMs,
        text: `a ${what} call of ${session.who}, who is honest, was answered with ${verdict} by ${instance}`,
      })),
  );

/** Whether somebody had asked for that which a call was refused with. */
function isDue({ verdict, answeredMs, askedMs }: Call, session: OpenedSession, endings: readonly Ending[]): boolean {
  const before = endings.filter((ending) => ending.sentMs < answeredMs && mayConcern(ending, session));
  if (verdict === 'token_revoked' || verdict === 'session_revoked')
    return before.some(({ effect }) => effect === 'ended');
  if (verdict === 'refresh_reused') return before.some(({ reason }) => reason === 'refresh_reuse');
  return verdict === 'token_stale' && before.some(({ effect, doneMs }) => effect === 'stale' && askedMs < doneMs);
}
