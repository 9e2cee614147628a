import { Chance, chaosSeed } from '../support/chance.js';
import { onServer } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { Fleet } from '../support/fleet.js';
import { measurePropagation } from '../support/propagation.js';
import { ADMIN } from '../support/test-app.js';

jest.setTimeout(60_000);

const WITHIN_MS = 1_000;
const ROUNDS = 12;
const REFRESHERS = 12;

/** The process ids of the connections that listen, one an instance. */
const listening = async (url: string): Promise<string[]> => {
  const found = await onServer(
    (query) =>
      query(`SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`),
    url,
  );
  return found.map(({ pid }) => pid ?? '');
};

describe('a revocation on one process of the built server', () => {
  const chance = new Chance(chaosSeed());
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start(2);
  });
  afterAll(() => fleet.end());

  it('is refused by the other process within a second, every time', async () => {
    const measured = await measurePropagation(fleet, { what: 'two processes, NOTIFY', rounds: ROUNDS, chance });
    expect(measured.count).toBe(ROUNDS);
    expect(measured.max).toBeLessThanOrEqual(WITHIN_MS);
  });

  it('is refused by two other processes within a second, every time', async () => {
    await fleet.add();
    const measured = await measurePropagation(fleet, { what: 'three processes, NOTIFY', rounds: ROUNDS, chance });
    expect(measured.count).toBe(2 * ROUNDS);
    expect(measured.max).toBeLessThanOrEqual(WITHIN_MS);
  });

  it('is refused within a second while the listening connections are ended again and again, and NOTIFY recovers', async () => {
    const url = fleet.databaseUrl;
    let ended = 0;
    const measured = await measurePropagation(fleet, {
      what: 'three processes, the listening connections ended before each',
      rounds: ROUNDS,
      chance,
      before: async () => {
        const pids = await listening(url);
        ended += pids.length;
        await onServer(
          (query) => query('SELECT pg_terminate_backend(pid) FROM unnest($1::integer[]) pid', [pids]),
          url,
        );
      },
    });
    expect(ended).toBeGreaterThan(ROUNDS);
    expect(measured.max).toBeLessThanOrEqual(WITHIN_MS);
    await eventually(async () => {
      expect(await listening(url)).toHaveLength(fleet.members.length);
    }, 15_000);
    const recovered = await measurePropagation(fleet, { what: 'three processes, listening again', rounds: 10, chance });
    expect(recovered.max).toBeLessThanOrEqual(WITHIN_MS);
    // Polling alone takes 250 ms in the middle.
    expect(recovered.quantile(0.5)).toBeLessThan(150);
  });

  it('is refused within a second while the processes are loaded with refreshes', async () => {
    const sessions = [];
    // One after the other: so many sign-ins at once are taken for guesses.
    for (let each = 0; each < REFRESHERS; each += 1) sessions.push(await fleet.at(1).api.signIn(ADMIN));
    let done = 0;
    let over = false;
    const refresh = async (refreshToken: string): Promise<void> => {
      const answer = await chance.pick(fleet.members).api.refresh(refreshToken);
      if (answer.status !== 200) throw new Error(`a refresh answered ${answer.status}: ${answer.text}`);
      done += 1;
      if (!over) await refresh(answer.body.refreshToken);
    };
    const load = Promise.all(sessions.map(({ refreshToken }) => refresh(refreshToken)));
    const options = { what: 'three processes under load', rounds: ROUNDS, chance };
    const [measured] = await Promise.all([
      measurePropagation(fleet, options).finally(() => {
        over = true;
      }),
      load,
    ]);
    process.stdout.write(`chaos: three processes under load: ${done} refreshes meanwhile\n`);
    expect(measured.max).toBeLessThanOrEqual(WITHIN_MS);
    expect(done).toBeGreaterThan(ROUNDS);
  });
});

describe('a revocation where nobody can listen', () => {
  it('is refused by all within a second by polling alone', async () => {
    const fleet = await Fleet.start(3, { DATABASE_POOLER: 'transaction' });
    try {
      const measured = await measurePropagation(fleet, {
        what: 'three processes, polling',
        rounds: ROUNDS,
        chance: new Chance(chaosSeed()),
        pauseMs: 200,
      });
      expect(await listening(fleet.databaseUrl)).toEqual([]);
      expect(measured.max).toBeLessThanOrEqual(WITHIN_MS);
    } finally {
      await fleet.end();
    }
  });
});
