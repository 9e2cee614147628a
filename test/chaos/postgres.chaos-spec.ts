import { setTimeout } from 'node:timers/promises';
import type { Problem } from '../support/api.js';
import { Chance, chaosSeed } from '../support/chance.js';
import { eventually } from '../support/eventually.js';
import { Fleet } from '../support/fleet.js';
import { Measured } from '../support/measured.js';
import { PostgresUnderTest } from '../support/postgres-under-test.js';
import { measurePropagation, refusedAfter, verdictOn } from '../support/propagation.js';
import type { ServerProcess } from '../support/server-process.js';
import { ADMIN } from '../support/test-app.js';

jest.setTimeout(60_000);

const WITHIN_MS = 1_000;
/** How long an instance may go by what it knew. */
const KNOWN_FOR_MS = 5_000;
const WATCHED_FOR_MS = 8_000;
const PACE_MS = 25;

interface Observation {
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly verdict: string;
  readonly retryAfter: string | null;
}

/** Sends a guarded request every few milliseconds for a while, whether or not the last was answered. */
async function watch({ api }: ServerProcess, token: string, since: number, forMs: number): Promise<Observation[]> {
  const asked: Promise<Observation>[] = [];
  while (performance.now() - since < forMs) {
    const sentMs = performance.now() - since;
    asked.push(
      api.get<Problem | undefined>('/api/protected', token).then(({ status, body, headers }) => ({
        sentMs,
        answeredMs: performance.now() - since,
        verdict: status === 200 ? 'granted' : `${status} ${body?.code ?? ''}`,
        retryAfter: headers.get('retry-after'),
      })),
    );
    await setTimeout(PACE_MS);
  }
  return Promise.all(asked);
}

describe('processes of the built server whose Postgres', () => {
  const chance = new Chance(chaosSeed());
  let postgres: PostgresUnderTest;
  let fleet: Fleet;

  beforeAll(async () => {
    postgres = await PostgresUnderTest.start();
    fleet = await Fleet.start(2, { DATABASE_URL: postgres.url });
  });
  afterAll(async () => {
    try {
      await fleet.end();
    } finally {
      await postgres.stop();
    }
  });

  const allGrant = (token: string): Promise<void> =>
    eventually(async () => {
      for (const member of fleet.members) expect(await verdictOn(member, token)).toBe('granted');
    }, 15_000);

  it('hangs answer from memory for up to 5 s, then 503 revocation_unknown, and recover by themselves', async () => {
    const { accessToken } = await fleet.at(0).api.signIn(ADMIN);
    const ending = await fleet.at(0).api.signIn(ADMIN);
    const ended = await fleet.at(0).api.signIn(ADMIN);
    expect((await fleet.at(0).api.post('/api/logout', {}, ended.accessToken)).status).toBe(204);
    await Promise.all(fleet.members.map((member) => refusedAfter(member, ended.accessToken, performance.now())));

    postgres.pause();
    const pausedAt = performance.now();
    const revoking = fleet.at(0).api.post('/api/logout', {}, ending.accessToken);
    let watched: Observation[];
    try {
      const watching = fleet.members.map((member) => watch(member, accessToken, pausedAt, WATCHED_FOR_MS));
      for (const member of fleet.members) expect(await verdictOn(member, ended.accessToken)).toBe('token_revoked');
      watched = (await Promise.all(watching)).flat();
    } finally {
      postgres.resume();
    }
    const resumedAt = performance.now();
    const fromMemory = new Measured('Postgres hangs: answers from memory');
    const refusals = new Measured('Postgres hangs: answers 503 revocation_unknown');
    let lastGrantMs = 0;
    for (const { sentMs, answeredMs, verdict, retryAfter } of watched) {
      if (verdict === 'granted') {
        lastGrantMs = Math.max(lastGrantMs, sentMs);
        fromMemory.add(answeredMs - sentMs);
      } else {
        expect([verdict, retryAfter]).toEqual(['503 revocation_unknown', '1']);
        refusals.add(answeredMs - sentMs);
      }
    }
    fromMemory.print();
    refusals.print();
    process.stdout.write(
      `chaos: Postgres hangs: the last request let in was sent after ${lastGrantMs.toFixed(0)} ms\n`,
    );
    expect(lastGrantMs).toBeLessThanOrEqual(KNOWN_FOR_MS);
    // The last good read was sent at most one poll, of 500 ms, before.
    for (const { sentMs, verdict } of watched) if (sentMs < KNOWN_FOR_MS - 1_000) expect(verdict).toBe('granted');
    expect(refusals.count).toBeGreaterThan(10);
    expect(fromMemory.quantile(0.99)).toBeLessThan(500);
    expect(refusals.max).toBeLessThan(3_000);

    await allGrant(accessToken);
    process.stdout.write(`chaos: Postgres hung: recovered ${(performance.now() - resumedAt).toFixed(0)} ms after\n`);
    for (const member of fleet.members) expect(await verdictOn(member, ended.accessToken)).toBe('token_revoked');
    // Sent while it hung: made or not, but the answer is true.
    const answer = await revoking;
    expect([204, 503]).toContain(answer.status);
    if (answer.status === 204) {
      const answeredAt = performance.now();
      await Promise.all(fleet.members.map((member) => refusedAfter(member, ending.accessToken, answeredAt)));
    }
    const measured = await measurePropagation(fleet, { what: 'after Postgres hung', rounds: 5, chance });
    expect(measured.max).toBeLessThanOrEqual(WITHIN_MS);
  });

  it('is restarted go on by themselves, and NOTIFY with them', async () => {
    const { accessToken } = await fleet.at(0).api.signIn(ADMIN);
    const ended = await fleet.at(1).api.signIn(ADMIN);
    expect((await fleet.at(0).api.post('/api/logout', {}, ended.accessToken)).status).toBe(204);
    const stoppingAt = performance.now();
    await postgres.stop();
    const stoppedAt = performance.now();
    for (const member of fleet.members) {
      expect(['granted', 'revocation_unknown']).toContain(await verdictOn(member, accessToken));
      expect((await member.api.post<Problem>('/api/login', ADMIN)).body.code).toBe('unavailable');
    }
    // Away for longer than what they know is good for.
    const watched = (
      await Promise.all(fleet.members.map((member) => watch(member, accessToken, stoppingAt, KNOWN_FOR_MS + 1_500)))
    ).flat();
    const bound = stoppedAt - stoppingAt + KNOWN_FOR_MS;
    expect(watched.filter(({ sentMs, verdict }) => verdict === 'granted' && sentMs > bound)).toEqual([]);
    const verdicts = new Set(watched.map(({ verdict }) => verdict));
    expect([...verdicts].sort()).toEqual(['503 revocation_unknown', 'granted']);

    await postgres.restart();
    const backAt = performance.now();
    await allGrant(accessToken);
    process.stdout.write(`chaos: Postgres restarted: recovered ${(performance.now() - backAt).toFixed(0)} ms after\n`);
    for (const member of fleet.members) {
      expect(await verdictOn(member, ended.accessToken)).toBe('token_revoked');
      expect(member.isRunning).toBe(true);
    }
    const measured = await measurePropagation(fleet, { what: 'after Postgres was restarted', rounds: 10, chance });
    expect(measured.max).toBeLessThanOrEqual(WITHIN_MS);
    await eventually(async () => {
      const again = await measurePropagation(fleet, { what: 'listening after the restart', rounds: 6, chance });
      expect(again.quantile(0.5)).toBeLessThan(150);
    }, 15_000);
  });
});
