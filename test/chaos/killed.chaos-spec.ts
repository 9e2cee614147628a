import { setTimeout } from 'node:timers/promises';
import type { Problem, Tokens } from '../support/api.js';
import { Chance, chaosSeed } from '../support/chance.js';
import { Fleet } from '../support/fleet.js';
import { Measured } from '../support/measured.js';
import { refusedAfter, verdictOn } from '../support/propagation.js';
import { ADMIN } from '../support/test-app.js';

jest.setTimeout(60_000);

const WITHIN_MS = 1_000;
const ROUNDS = 2;
const SESSIONS = 20;
const AT_ONCE = 6;

interface Acknowledged {
  readonly session: Tokens;
  readonly atMs: number;
}

describe('an instance that is killed (kill -9) in the middle of revoking', () => {
  const chance = new Chance(chaosSeed());
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start(2);
  });
  afterAll(() => fleet.end());

  it('loses none that it acknowledged: not on the others, not after its restart', async () => {
    const delays = new Measured('killed while revoking: acknowledged revocations on the other process');
    let unanswered = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const [survivor, doomed] = [fleet.at(0), fleet.at(1)];
      const sessions: Tokens[] = [];
      for (let each = 0; each < SESSIONS; each += 1) sessions.push(await survivor.api.signIn(ADMIN));
      const acknowledged: Acknowledged[] = [];
      const killAfter = chance.between(3, SESSIONS - AT_ONCE - 1);
      let killed: Promise<void> | undefined;
      const queue = [...sessions];
      const revoke = async (): Promise<void> => {
        for (let session = queue.shift(); session && !killed; session = queue.shift()) {
          const answer = await doomed.api.post('/api/logout', {}, session.accessToken).catch(() => undefined);
          if (answer?.status === 204) acknowledged.push({ session, atMs: performance.now() });
          else if (answer) throw new Error(`a logout answered ${answer.status}: ${answer.text}`);
          // The rest is under way as it dies.
          if (acknowledged.length >= killAfter) killed ??= doomed.kill('SIGKILL');
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, revoke));
      await killed;
      expect(doomed.isRunning).toBe(false);
      expect(acknowledged.length).toBeGreaterThanOrEqual(killAfter);

      const elsewhere = acknowledged.map(({ session, atMs }) => refusedAfter(survivor, session.accessToken, atMs));
      for (const delayMs of await Promise.all(elsewhere)) delays.add(delayMs);
      const restarted = await fleet.replace(doomed);
      const others = sessions.filter(
        ({ sessionId }) => !acknowledged.some(({ session }) => session.sessionId === sessionId),
      );
      for (const { session } of acknowledged) {
        for (const member of fleet.members) expect(await verdictOn(member, session.accessToken)).toBe('token_revoked');
        const { body } = await restarted.api.post<Problem>('/api/refresh', { refreshToken: session.refreshToken });
        expect(body.code).toBe('session_revoked');
      }
      // What was not acknowledged was made or was not; but all are of one mind.
      await setTimeout(WITHIN_MS);
      for (const { accessToken } of others) {
        const verdicts = await Promise.all(fleet.members.map((member) => verdictOn(member, accessToken)));
        expect(new Set(verdicts).size).toBe(1);
        expect(['granted', 'token_revoked']).toContain(verdicts[0]);
      }
      unanswered += others.length;
    }
    delays.print();
    process.stdout.write(`chaos: killed while revoking: ${ROUNDS} times, ${unanswered} not acknowledged, none lost\n`);
    expect(delays.count).toBeGreaterThan(0);
    expect(unanswered).toBeGreaterThan(0);
    expect(delays.max).toBeLessThanOrEqual(WITHIN_MS);
  });
});
