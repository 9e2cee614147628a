import { setTimeout } from 'node:timers/promises';
import { GuessCounters } from '../src/auth/guesses/guess-counters.js';
import { Outbox } from '../src/mail/outbox.js';
import { addSeconds } from '../src/shared/clock.js';
import { DecoyHashes } from '../src/users/passwords/decoy-hashes.js';
import { Chance } from './support/chance.js';
import { superiority } from './support/distributions.js';
import { startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const WRONG = 'eight noisy badgers resting';
/** Of cost 10, which takes twice as long as ours. */
const BCRYPT = '$2y$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W';
const PAIRS = 100;
/** Of 100 and 100 that are alike, the statistic strays this far from a half once in 100,000 times. */
const ALIKE = 0.18;

/** What a stranger might ask, of an address that has an account and of one that has none. */
type Question = readonly [path: string, body: (email: string) => Record<string, string>];
const QUESTIONS: readonly Question[] = [
  ['/api/login', (email: string) => ({ email, password: WRONG })],
  ['/api/register', (email: string) => ({ email, password: WRONG })],
  ['/api/password/forgot', (email: string) => ({ email })],
  ['/api/email/resend', (email: string) => ({ email })],
];

describe('how long an answer takes', () => {
  let service: TestApp;
  let asked = 0;
  const chance = new Chance(42);

  beforeAll(async () => {
    service = await startTestApp({ env: { TRUST_PROXY: '1' } });
    await service.api.newUser('known@example.com', PASSWORD);
    // As many accounts as are asked for, with the hash of the first: each is asked for once.
    await service.sql(
      `INSERT INTO users (id, email, password_hash, created_at)
       SELECT gen_random_uuid(), 'known' || n || '@example.com', password_hash, created_at
       FROM users, generate_series(1, $1) n WHERE email = 'known@example.com'`,
      [2_000],
    );
  });
  afterAll(() => service.close());
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** @returns milliseconds until the whole answer is there */
  const ask = async ([path, body]: Question, email: string): Promise<number> => {
    const ip = `198.51.${Math.floor(asked / 250)}.${(asked % 250) + 1}`;
    const started = performance.now();
    const answer = await service.api.send('POST', path, { json: body(email), headers: { 'x-forwarded-for': ip } });
    const took = performance.now() - started;
    expect([401, 202]).toContain(answer.status);
    return took;
  };
  const measure = async (question: Question, pairs = PAIRS): Promise<{ known: number[]; unknown: number[] }> => {
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let warmUp = 0; warmUp < 10; warmUp += 1) await ask(question, `unknown${++asked}@example.com`);
    while (times.known.length < pairs || times.unknown.length < pairs) {
      // In no order that what is done behind one answer could lean on: it delays either kind alike.
      const kind = chance.next() < 0.5 ? 'known' : 'unknown';
      if (times[kind].length < pairs) times[kind].push(await ask(question, `${kind}${++asked}@example.com`));
    }
    return times;
  };

  it.each([...QUESTIONS])(
    'to %s does not tell whether an address has an account',
    async (...question) => {
      const { known, unknown } = await measure(question);
      expect(Math.abs(superiority(known, unknown) - 0.5)).toBeLessThan(ALIKE);
    },
    60_000,
  );

  it('to a sign-in does not tell whether an address has an account that was imported with another hash', async () => {
    // Every second, so that known addresses take one of two times: so must unknown ones.
    await service.sql(
      `UPDATE users SET password_hash = $1
       WHERE email IN (SELECT email FROM users WHERE email LIKE 'known%' ORDER BY md5(email) LIMIT 1000)`,
      [BCRYPT],
    );
    await service.app.get(DecoyHashes, { strict: false }).look(service.clock.now());
    const question = ['/api/login', (email: string) => ({ email, password: WRONG })] as const;
    // How many of either kind come up is chance, too.
    const { known, unknown } = await measure(question, 2 * PAIRS);
    expect(Math.abs(superiority(known, unknown) - 0.5)).toBeLessThan(ALIKE);
  }, 90_000);

  it('would tell if a request for an account did three milliseconds more', async () => {
    const outbox = service.app.get(Outbox, { strict: false });
    const add = outbox.add.bind(outbox);
    jest.spyOn(outbox, 'add').mockImplementation(async (tx, job) => {
      if (job.to?.startsWith('known')) await setTimeout(3);
      return add(tx, job);
    });
    const { known, unknown } = await measure(['/api/password/forgot', (email) => ({ email })]);
    expect(superiority(known, unknown) - 0.5).toBeGreaterThan(ALIKE);
  }, 60_000);

  it('to a blocked sign-in does not tell either', async () => {
    const counters = service.app.get(GuessCounters, { strict: false });
    const blockedUntil = addSeconds(service.clock.now(), 60 * 60);
    const times = { known: [] as number[], unknown: [] as number[] };
    const block = async (email: string): Promise<void> => {
      const bucket = await counters.bucketOf(['login-account', email]);
      await service.sql(
        'INSERT INTO guesses (bucket, tries, failed, streak, window_ends_at, blocked_until) VALUES ($1, 10, 10, 10, $2, $2)',
        [bucket, blockedUntil],
      );
    };
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const kinds = chance.next() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
      for (const kind of kinds) {
        const email = `${kind}${++asked}@example.com`;
        await block(email);
        const started = performance.now();
        const { status } = await service.api.post('/api/login', { email, password: PASSWORD });
        times[kind].push(performance.now() - started);
        expect(status).toBe(429);
      }
    }
    expect(Math.abs(superiority(times.known, times.unknown) - 0.5)).toBeLessThan(ALIKE);
  }, 60_000);
});
