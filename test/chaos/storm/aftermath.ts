import type { Account } from './account.js';
import type { Cell } from './cell.js';
import type { Finding, Ledger } from './ledger.js';
import type { Registration } from './registrar.js';
import type { Stored, StoredEvent, StoredSession } from './stored.js';
import { casesOf, mayConcern, mustConcern } from './verdict.js';

type Told = Pick<Ledger, 'sessions' | 'endings' | 'calls'>;

/** No acknowledged sign-in, refresh or ending of a session is lost, and none has ended that nobody ended. */
export function lostOfSessions(told: Told, { sessions }: Pick<Stored, 'sessions'>): Finding[] {
  const rows = new Map(sessions.map((row) => [row.id, row]));
  return casesOf(told).flatMap(({ session, endings, calls }): Finding[] => {
    const { id: sessionId, who } = session;
    const row = rows.get(sessionId);
    if (!row) return [{ sessionId, text: `an acknowledged sign-in of ${who} is lost` }];
    const found: Finding[] = [];
    const rotated = calls.filter(({ what, verdict }) => what === 'refresh' && verdict === 'granted');
    const least = Math.max(1, ...rotated.map(({ generation = 0 }) => generation + 1));
    if (row.generation < least) {
      found.push({ sessionId, text: `${who} was given generation ${least}, and the row has ${row.generation}` });
    }
    const ended = endings.filter(({ effect }) => effect === 'ended');
    const acknowledged = ended.find((ending) => ending.outcome === 'acknowledged' && mustConcern(ending, session));
    if (acknowledged && !row.isRevoked) {
      found.push({ sessionId, text: `"${acknowledged.what}" of ${who} was acknowledged, and is lost` });
    }
    const isExplained = ended.some((ending) => ending.reason === row.reason && mayConcern(ending, session));
    if (row.isRevoked && !isExplained) {
      found.push({ sessionId, text: `the session of ${who} has ended for "${row.reason}", which nobody asked for` });
    }
    return found;
  });
}

/** What accounts hold is what was acknowledged last. */
export function lostOfAccounts(accounts: readonly Account[], { users }: Pick<Stored, 'users'>): Finding[] {
  return accounts.flatMap((account): Finding[] => {
    const { id: userId } = account;
    const row = users.find(({ id }) => id === userId);
    if (!row) return [{ userId, text: `the account of ${account.email} is lost` }];
    return [
      ...differing(account.name, row.name),
      ...differing(account.disabled, row.disabled),
      ...differing(account.role, row.roles.join(',')),
    ].map((text) => ({ userId, text }));
  });
}

const differing = <Value>(cell: Cell<Value>, stored: Value): string[] =>
  cell.allowed.includes(stored) ? [] : [`${cell.what} is ${String(stored)}, and not ${cell.allowed.join(' or ')}`];

/** Each acknowledged change has its event: one, however often it was asked for. */
export function lostOfEvents(told: Told, accounts: readonly Account[], stored: Stored): Finding[] {
  const { sessions, events } = stored;
  return [
    ...signInEvents(told, events),
    ...endingEvents(sessions, events),
    ...accounts.flatMap((account) => accountEvents(account, events)),
  ];
}

function signInEvents({ sessions }: Pick<Told, 'sessions'>, events: readonly StoredEvent[]): Finding[] {
  const counts = countBy(events.filter(({ type }) => type === 'authn_login_success').map(({ sessionId }) => sessionId));
  return [...sessions.values()].flatMap(({ id: sessionId, who }) => {
    const count = counts.get(sessionId) ?? 0;
    return count === 1 ? [] : [{ sessionId, text: `the sign-in of ${who} has ${count} events` }];
  });
}

/** The reasons whose event is that of the change which ended them. */
const TOLD_OTHERWISE = new Set<string | null>(['password_changed', 'account_disabled', 'refresh_reuse']);

/** Every row that has ended is counted by exactly one event of its user and reason. */
function endingEvents(sessions: readonly StoredSession[], events: readonly StoredEvent[]): Finding[] {
  const ended = sessions.filter(({ isRevoked }) => isRevoked);
  const keyOf = (userId: string | null, reason: unknown): string => `${userId ?? ''} for "${String(reason)}"`;
  const rows = countBy(
    ended.filter(({ reason }) => !TOLD_OTHERWISE.has(reason)).map(({ userId, reason }) => keyOf(userId, reason)),
  );
  const told = new Map<string, number>();
  for (const { type, userId, details } of events) {
    if (type !== 'session_logout' && type !== 'session_revoked') continue;
    const key = keyOf(userId, details.reason);
    told.set(key, (told.get(key) ?? 0) + Number(details.sessions));
  }
  const reused = countBy(events.filter(({ type }) => type === 'authn_token_reuse').map(({ sessionId }) => sessionId));
  return [
    ...[...new Set([...rows.keys(), ...told.keys()])]
      .filter((key) => rows.get(key) !== told.get(key))
      .map((key) => ({
        text: `${rows.get(key) ?? 0} sessions ended of user ${key}, and events tell of ${told.get(key) ?? 0}`,
      })),
    ...ended
      .filter(({ id, reason }) => reason === 'refresh_reuse' && reused.get(id) !== 1)
      .map(({ id: sessionId }) => ({ sessionId, text: `a theft has ${reused.get(sessionId) ?? 0} events` })),
  ];
}

function accountEvents(account: Account, events: readonly StoredEvent[]): Finding[] {
  const { id: userId, email, role, disabled, passwordChanges } = account;
  const own = events.filter((event) => event.userId === userId);
  const count = (type: string): number => own.filter((event) => event.type === type).length;
  const roleCount = (value: string): number =>
    own.filter(({ type, details }) => type === 'authz_change' && details.added === value).length;
  const within = (what: string, found: number, least: number, most: number): Finding[] =>
    found >= least && found <= most
      ? []
      : [{ userId, text: `${what} of ${email} has ${found} events, and not ${least} to ${most}` }];
  return [
    ...role.values
      .filter((value) => value !== '')
      .flatMap((value) => {
        const { sent, isAcknowledged } = role.countOf(value);
        return within(`role ${value}`, roleCount(value), isAcknowledged ? 1 : 0, sent);
      }),
    ...within('password changes', count('authn_password_change'), passwordChanges.acknowledged, passwordChanges.sent),
    // To disable who is disabled changes nothing; an acknowledged round of both changes something each time.
    ...within('disabling', count('user_disabled'), account.disabling, disabled.countOf(true).sent),
    ...within('enabling', count('user_enabled'), account.disabling, disabled.countOf(false).sent),
  ];
}

/** Who registered is there, once, with an event, and a mail that has gone or will go. */
export function lostOfRegistrations(
  registrations: readonly Registration[],
  { users, events, owed }: Stored,
  hasMail: (email: string) => boolean,
): Finding[] {
  return registrations.flatMap(({ email }): Finding[] => {
    const row = users.find((user) => user.email === email);
    if (!row) return [{ text: `the registration of ${email} was acknowledged, and is lost` }];
    const { id: userId } = row;
    const created = events.filter(
      (event) => event.type === 'user_created' && event.userId === userId && event.outcome === 'success',
    );
    const isOwed = owed.some((mail) => mail.userId === userId && mail.purpose === 'verify_email');
    return [
      ...(created.length === 1 ? [] : [{ userId, text: `the registration of ${email} has ${created.length} events` }]),
      ...(isOwed || hasMail(email) ? [] : [{ userId, text: `the mail to ${email} is lost` }]),
    ];
  });
}

/** @param verification as `GET /api/admin/events/verify` answers */
export function brokenChain(verification: unknown): Finding[] {
  const told: Partial<Record<string, unknown>> =
    typeof verification === 'object' && verification !== null ? { ...verification } : {};
  const isWhole = told.intact === true && told.firstBroken === null && Number(told.events) > 0;
  return isWhole ? [] : [{ text: `the chain of events is broken: ${JSON.stringify(verification)}` }];
}

function countBy<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
