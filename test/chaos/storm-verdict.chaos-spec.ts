import { Account } from './storm/account.js';
import { brokenChain, lostOfAccounts, lostOfEvents, lostOfRegistrations, lostOfSessions } from './storm/aftermath.js';
import { Ledger } from './storm/ledger.js';
import type { Call, Ending, Finding, OpenedSession } from './storm/ledger.js';
import type { Stored, StoredEvent, StoredSession } from './storm/stored.js';
import { heldToASecond, lateAcceptances, wrongRefusals } from './storm/verdict.js';

const SESSION: OpenedSession = { id: 's1', userId: 'u1', who: 'ada', sentMs: 0, openedMs: 10 };

const ending = (changed: Partial<Ending> = {}): Ending => ({
  what: 'sign out',
  scope: { sessionId: 's1' },
  effect: 'ended',
  reason: 'logout',
  instance: 'i1',
  sentMs: 1_000,
  sinceMs: changed.sentMs ?? 1_000,
  doneMs: 1_020,
  outcome: 'acknowledged',
  ...changed,
});

const call = (changed: Partial<Call> = {}): Call => ({
  what: 'guarded',
  by: 'owner',
  sessionId: 's1',
  tokenMs: 10,
  askedMs: 5,
  instance: 'i2',
  sentMs: 500,
  answeredMs: (changed.sentMs ?? 500) + 5,
  verdict: 'granted',
  ...changed,
});

function ledgerOf(endings: readonly Ending[], calls: readonly Call[], session = SESSION): Ledger {
  const ledger = new Ledger();
  ledger.open(session);
  ledger.endings.push(...endings);
  ledger.calls.push(...calls);
  return ledger;
}

const texts = (findings: readonly Finding[]): string[] => findings.map(({ text }) => text);

describe('the verdict on what was let in', () => {
  const late = (endings: readonly Ending[], calls: readonly Call[], hindrances: Ledger['hindrances'] = []): number => {
    const ledger = ledgerOf(endings, calls);
    ledger.hindrances.push(...hindrances);
    return lateAcceptances(ledger).length;
  };

  it('has a second for another instance, and nothing for the one that answered', () => {
    expect(late([ending()], [call({ sentMs: 2_020 })])).toBe(0);
    expect(late([ending()], [call({ sentMs: 2_021 })])).toBe(1);
    expect(late([ending()], [call({ instance: 'i1', sentMs: 1_021 })])).toBe(1);
    // Sent before it was acknowledged, however long it took.
    expect(late([ending()], [call({ instance: 'i1', sentMs: 1_019, answeredMs: 9_000 })])).toBe(0);
  });

  it('has a whole second anew where Postgres or the instance was away in between', () => {
    const away = { what: 'Postgres hangs', fromMs: 1_500, toMs: 1_600 };
    expect(late([ending()], [call({ sentMs: 2_600 })], [away])).toBe(0);
    expect(late([ending()], [call({ sentMs: 2_601 })], [away])).toBe(1);
    expect(late([ending()], [call({ sentMs: 2_600 })], [{ ...away, instance: 'i2' }])).toBe(0);
    const again = { what: 'Postgres hangs', fromMs: 2_500, toMs: 2_900 };
    expect(late([ending()], [call({ sentMs: 3_900 })], [again, away])).toBe(0);
    expect(late([ending()], [call({ sentMs: 3_901 })], [again, away])).toBe(1);
  });

  it('has five seconds however long something was away, and no more', () => {
    const away = { what: 'Postgres hangs', fromMs: 1_500, toMs: Infinity };
    expect(late([ending()], [call({ sentMs: 6_020 })], [away])).toBe(0);
    expect(late([ending()], [call({ sentMs: 6_021 })], [away])).toBe(1);
  });

  it('tells how many calls were held to the second', () => {
    const ledger = ledgerOf([ending()], [call({ sentMs: 1_900 }), call({ sentMs: 2_100 }), call({ sentMs: 7_000 })]);
    expect(heldToASecond(ledger)).toEqual({ held: 1, of: 1 });
    ledger.hindrances.push({ what: 'Postgres hangs', fromMs: 1_500, toMs: 1_600 });
    expect(heldToASecond(ledger)).toEqual({ held: 0, of: 1 });
  });

  it('does not excuse what was away before, after or elsewhere', () => {
    const calls = [call({ sentMs: 3_000 })];
    expect(late([ending()], calls, [{ what: 'before', fromMs: 500, toMs: 1_019 }])).toBe(1);
    expect(late([ending()], calls, [{ what: 'after', fromMs: 3_001, toMs: Infinity }])).toBe(1);
    expect(late([ending()], calls, [{ what: 'elsewhere', instance: 'i3', fromMs: 0, toMs: Infinity }])).toBe(1);
  });

  it('counts only what was acknowledged, and sessions that were there by then', () => {
    const calls = [call({ sentMs: 9_000 })];
    expect(late([ending({ outcome: 'unknown' })], calls)).toBe(0);
    expect(late([ending({ scope: { userId: 'u1' } })], calls)).toBe(1);
    expect(late([ending({ scope: { userId: 'u1' }, sentMs: 5 })], calls)).toBe(0);
    expect(late([ending({ scope: { userId: 'u1', except: 's1' } })], calls)).toBe(0);
    expect(late([ending({ scope: { userId: 'u2' } })], calls)).toBe(0);
  });

  it('lets in what was refreshed after the tokens had gone stale, and nothing from before', () => {
    const stale = [ending({ effect: 'stale' })];
    expect(late(stale, [call({ sentMs: 9_000, tokenMs: 999 })])).toBe(1);
    expect(late(stale, [call({ sentMs: 9_000, tokenMs: 1_001 })])).toBe(0);
    expect(late(stale, [call({ what: 'refresh', sentMs: 9_000 })])).toBe(0);
    // Of a change that is asked for again, the first time may have been served.
    const again = [ending({ effect: 'stale', sinceMs: 800 })];
    expect(late(again, [call({ sentMs: 9_000, tokenMs: 799 })])).toBe(1);
    expect(late(again, [call({ sentMs: 9_000, tokenMs: 900 })])).toBe(0);
  });

  it('has nothing for a refresh of what has ended: it asks Postgres', () => {
    expect(late([ending()], [call({ what: 'refresh', sentMs: 1_021 })])).toBe(1);
    expect(late([ending()], [call({ what: 'refresh', sentMs: 1_019 })])).toBe(0);
  });
});

describe('the verdict on what was refused', () => {
  const wrong = (endings: readonly Ending[], calls: readonly Call[]): number =>
    wrongRefusals(ledgerOf(endings, calls)).length;
  const refused = (verdict: string, changed: Partial<Call> = {}): Call => call({ sentMs: 2_000, verdict, ...changed });

  it('takes nothing against an honest client that nobody asked for', () => {
    for (const verdict of ['token_revoked', 'session_revoked', 'refresh_reused', 'token_stale', 'token_invalid']) {
      expect(wrong([], [refused(verdict)])).toBe(1);
    }
    expect(wrong([], [refused('internal_error')])).toBe(1);
    expect(wrong([], [refused('refresh_superseded')])).toBe(1);
    expect(wrong([], [refused('rate_limited')])).toBe(1);
  });

  it('takes an end that was asked for, be it acknowledged or not, but not before it was', () => {
    expect(wrong([ending()], [refused('token_revoked')])).toBe(0);
    expect(wrong([ending({ outcome: 'unknown', doneMs: 21_000 })], [refused('session_revoked')])).toBe(0);
    expect(wrong([ending({ outcome: 'refused' })], [refused('session_revoked')])).toBe(1);
    expect(wrong([ending()], [refused('token_revoked', { sentMs: 900 })])).toBe(1);
    expect(wrong([ending({ effect: 'stale' })], [refused('token_revoked')])).toBe(1);
    const stale = ending({ effect: 'stale' });
    expect(wrong([stale], [refused('token_stale')])).toBe(0);
    // Asked for before the change was acknowledged, and handed over after.
    expect(wrong([stale], [refused('token_stale', { askedMs: 1_019, tokenMs: 1_500 })])).toBe(0);
    expect(wrong([stale], [refused('token_stale', { askedMs: 1_021, tokenMs: 1_500 })])).toBe(1);
  });

  it('takes a theft for nothing but a theft', () => {
    expect(wrong([ending()], [refused('refresh_reused')])).toBe(1);
    expect(wrong([ending({ reason: 'refresh_reuse' })], [refused('refresh_reused')])).toBe(0);
  });

  it('has patience with what passes, and no interest in what a thief is told', () => {
    for (const verdict of ['unanswered', 'revocation_unknown', 'unavailable', 'overloaded']) {
      expect(wrong([], [refused(verdict)])).toBe(0);
    }
    expect(wrong([], [refused('refresh_reused', { by: 'thief' })])).toBe(0);
  });
});

describe('the verdict on what is stored', () => {
  const ROW: StoredSession = { id: 's1', userId: 'u1', generation: 2, isRevoked: true, reason: 'logout' };
  const LIVE = { ...ROW, isRevoked: false, reason: null };
  const SIGNED_IN: StoredEvent = event('authn_login_success', { sessionId: 's1' });
  const SIGNED_OUT = event('session_logout', { sessionId: 's1', details: { reason: 'logout', sessions: 1 } });

  function event(type: string, changed: Partial<StoredEvent> = {}): StoredEvent {
    return { type, userId: 'u1', sessionId: null, outcome: 'success', details: {}, ...changed };
  }
  const stored = (changed: Partial<Stored>): Stored => ({ sessions: [], users: [], events: [], owed: [], ...changed });

  it('misses a sign-in, a refresh or an end that was acknowledged', () => {
    const refreshed = call({ what: 'refresh', generation: 1 });
    const lost = (rows: readonly StoredSession[], endings: readonly Ending[], calls: readonly Call[]): number =>
      lostOfSessions(ledgerOf(endings, calls), { sessions: rows }).length;
    expect(lost([ROW], [ending()], [refreshed])).toBe(0);
    expect(lost([], [], [])).toBe(1);
    expect(lost([{ ...ROW, generation: 1 }], [ending()], [refreshed])).toBe(1);
    expect(lost([LIVE], [ending()], [])).toBe(1);
    expect(lost([LIVE], [ending({ outcome: 'unknown' })], [])).toBe(0);
  });

  it('finds what nobody ended, or for another reason', () => {
    expect(texts(lostOfSessions(ledgerOf([], []), { sessions: [ROW] }))).toEqual([
      'the session of ada has ended for "logout", which nobody asked for',
    ]);
    const reused = { ...ROW, reason: 'refresh_reuse' };
    expect(lostOfSessions(ledgerOf([ending()], []), { sessions: [reused] })).toHaveLength(1);
  });

  it('misses what accounts were to hold', () => {
    const account = new Account(1, 'u1', 'ada@example.com', 'secret');
    const user = { id: 'u1', email: 'ada@example.com', name: 'Ada', roles: [], disabled: false };
    account.name.write('Ada')();
    expect(lostOfAccounts([account], stored({ users: [user] }))).toEqual([]);
    account.name.write('Countess');
    expect(lostOfAccounts([account], stored({ users: [user] }))).toEqual([]);
    account.name.write('Lovelace')();
    expect(texts(lostOfAccounts([account], stored({ users: [user] })))).toEqual([
      'the name of ada@example.com is Ada, and not Countess or Lovelace',
    ]);
    expect(lostOfAccounts([account], stored({}))).toHaveLength(1);
  });

  it('misses events, and finds those that are told twice', () => {
    const ledger = ledgerOf([ending()], []);
    const lost = (events: readonly StoredEvent[]): number =>
      lostOfEvents(ledger, [], stored({ sessions: [ROW], events })).length;
    expect(lost([SIGNED_IN, SIGNED_OUT])).toBe(0);
    expect(lost([SIGNED_OUT])).toBe(1);
    expect(lost([SIGNED_IN])).toBe(1);
    expect(lost([SIGNED_IN, SIGNED_OUT, SIGNED_OUT])).toBe(1);
    expect(lost([SIGNED_IN, SIGNED_IN, SIGNED_OUT])).toBe(1);
    const reused = { ...ROW, reason: 'refresh_reuse' };
    expect(lostOfEvents(ledger, [], stored({ sessions: [reused], events: [SIGNED_IN] }))).toHaveLength(1);
  });

  it('misses the event of a change of rights', () => {
    const account = new Account(1, 'u1', 'ada@example.com', 'secret');
    account.role.write('r1')();
    const changed = event('authz_change', { details: { added: 'r1' } });
    const lost = (events: readonly StoredEvent[]): number =>
      lostOfEvents(new Ledger(), [account], stored({ events })).length;
    expect([lost([changed]), lost([]), lost([changed, changed])]).toEqual([0, 1, 1]);
  });

  it('misses a registration, its event and its mail', () => {
    const registration = { email: 'ada@example.com', password: 'secret', sent: 1 };
    const user = { id: 'u1', email: 'ada@example.com', name: null, roles: [], disabled: false };
    const whole = stored({ users: [user], events: [event('user_created')] });
    const lost = (found: Stored, hasMail: boolean): number =>
      lostOfRegistrations([registration], found, () => hasMail).length;
    expect(lost(whole, true)).toBe(0);
    expect(lost(whole, false)).toBe(1);
    expect(lost({ ...whole, owed: [{ purpose: 'verify_email', userId: 'u1' }] }, false)).toBe(0);
    expect(lost({ ...whole, events: [] }, true)).toBe(1);
    expect(lost({ ...whole, users: [] }, true)).toBe(1);
  });

  it('takes no chain of events but an intact one', () => {
    const intact = { intact: true, events: 7, head: 'h', firstBroken: null };
    expect(brokenChain(intact)).toEqual([]);
    expect(brokenChain({ ...intact, intact: false, firstBroken: { seal: 3 } })).toHaveLength(1);
    expect(brokenChain({ ...intact, events: 0 })).toHaveLength(1);
    expect(brokenChain(undefined)).toHaveLength(1);
  });
});
