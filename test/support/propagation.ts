import { setTimeout } from 'node:timers/promises';
import type { Problem, Tokens } from './api.js';
import type { Chance } from './chance.js';
import type { Fleet } from './fleet.js';
import { Measured } from './measured.js';
import type { ServerProcess } from './server-process.js';
import { ADMIN } from './test-app.js';

const BETWEEN_ASKS_MS = 5;
const GIVEN_UP_AFTER_MS = 5_000;

export const verdictOn = async ({ api }: ServerProcess, token: string): Promise<string> => {
  const { status, body } = await api.get<Problem | undefined>('/api/protected', token);
  return status === 200 ? 'granted' : (body?.code ?? String(status));
};

/**
 * Asks until a token is refused as revoked, with a request each few milliseconds.
 * @param since the moment from which it counts, by `performance.now`
 * @returns how long after that the request that was refused was answered, in milliseconds
 */
export async function refusedAfter(server: ServerProcess, token: string, since: number): Promise<number> {
  for (;;) {
    const verdict = await verdictOn(server, token);
    const delayMs = performance.now() - since;
    if (verdict === 'token_revoked') return delayMs;
    if (verdict !== 'granted' || delayMs > GIVEN_UP_AFTER_MS) {
      throw new Error(`${verdict} ${delayMs.toFixed(0)} ms after it was revoked\n${server.output}`);
    }
    await setTimeout(BETWEEN_ASKS_MS);
  }
}

/** The ways to end a session that differ in what they write. */
const ways = {
  logout: ({ api }: ServerProcess, { accessToken }: Tokens) => api.post('/api/logout', {}, accessToken),
  logoutByRefreshToken: ({ api }: ServerProcess, { refreshToken }: Tokens) => api.post('/api/logout', { refreshToken }),
  byAdmin: ({ api }: ServerProcess, { sessionId }: Tokens, admin: string) =>
    api.delete(`/api/admin/sessions/${sessionId}`, admin),
};

export interface PropagationOptions {
  readonly what: string;
  readonly rounds: number;
  readonly chance: Chance;
  /** Done right before each revocation. */
  readonly before?: () => Promise<void>;
  /** How long to wait before each, at most: polls have a phase, which a fixed rhythm could always meet alike. */
  readonly pauseMs?: number;
}

/** Revokes on one instance, in turn, and measures until each other one refuses. */
export async function measurePropagation(fleet: Fleet, options: PropagationOptions): Promise<Measured> {
  const { what, rounds, chance, before, pauseMs = 50 } = options;
  const measured = new Measured(what);
  const admin = await fleet.admin();
  for (let round = 0; round < rounds; round += 1) {
    const revoker = fleet.at(round % fleet.members.length);
    const others = fleet.members.filter((member) => member !== revoker);
    const session = await chance.pick(fleet.members).api.signIn(ADMIN);
    for (const member of fleet.members) {
      const verdict = await verdictOn(member, session.accessToken);
      if (verdict !== 'granted') throw new Error(`a token just issued is ${verdict}\n${member.output}`);
    }
    await setTimeout(chance.between(0, pauseMs));
    await before?.();
    const answer = await chance.pick(Object.values(ways))(revoker, session, admin);
    const answeredAt = performance.now();
    if (answer.status !== 204) throw new Error(`revoking answered ${answer.status}: ${answer.text}`);
    // Here on the very next request; everywhere else soon.
    const here = await verdictOn(revoker, session.accessToken);
    if (here !== 'token_revoked') throw new Error(`the instance that revoked it answers ${here}`);
    const delays = await Promise.all(others.map((other) => refusedAfter(other, session.accessToken, answeredAt)));
    for (const delay of delays) measured.add(delay);
  }
  measured.print();
  return measured;
}
