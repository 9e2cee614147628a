import type { BoundedQueue } from '../src/users/bounded-queue.js';
import { PasswordHasher } from '../src/users/password-hasher.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const WRONG = 'eight noisy badgers resting';
const UNKNOWN = 'nobody@example.com';

let addresses = 0;
/** An address of a client that nobody has called from. */
const freshIp = (): string => `198.51.${Math.floor(++addresses / 250)}.${(addresses % 250) + 1}`;
/** An answer without what may differ between two that are the same. */
const essence = ({ status, headers, body }: Answer<Problem>): unknown => {
  const fields = [...headers].map(([name, value]) => {
    if (name === 'date' || name === 'x-request-id' || name === 'retry-after') return [name, '*'];
    return [name, name === 'ratelimit' ? value.replaceAll(/;t=\d+/g, ';t=*') : value];
  });
  return { status, headers: fields, body: { ...body, requestId: '*' } };
};

describe('login', () => {
  let service: TestApp;
  const ada = { email: 'ada@example.com', password: PASSWORD };

  beforeAll(async () => {
    // One hop is trusted, so that each test comes from an address of its own.
    service = await startTestApp({ env: { TRUST_PROXY: '1' } });
    await service.api.newUser(ada.email, ada.password);
  });
  afterAll(() => service.close());
  // What the tests before have guessed is counted for the address, too.
  beforeEach(() => service.sql('DELETE FROM guesses'));
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const login = (email: string, password: string, ip: string, on = service): Promise<Answer<Problem & Tokens>> =>
    on.api.send('POST', '/api/login', { json: { email, password }, headers: { 'x-forwarded-for': ip } });
  const spendBudget = async (email: string, ip: string): Promise<void> => {
    for (let guess = 0; guess < 5; guess += 1) {
      expectProblem(await login(email, WRONG, ip), 401, 'invalid_credentials');
    }
  };

  it('answers a wrong password and an unknown address alike, to the last header', async () => {
    const [known, unknown] = [await login(ada.email, WRONG, freshIp()), await login(UNKNOWN, WRONG, freshIp())];
    expectProblem(known, 401, 'invalid_credentials');
    expect(essence(unknown)).toEqual(essence(known));
  });

  it('does the same work for an unknown address, for one without a password and for an over-long password', async () => {
    await service.sql(
      `INSERT INTO users (id, email, created_at) VALUES (gen_random_uuid(), 'invited@example.com', now())`,
    );
    const verify = jest.spyOn(service.app.get(PasswordHasher), 'verify');
    expectProblem(await login('invited@example.com', WRONG, freshIp()), 401, 'invalid_credentials');
    expectProblem(await login(UNKNOWN, WRONG, freshIp()), 401, 'invalid_credentials');
    expectProblem(await login(ada.email, 'x'.repeat(600), freshIp()), 401, 'invalid_credentials');
    expect(verify).toHaveBeenCalledTimes(3);
  });

  it('tells that an account is disabled only after the right password', async () => {
    await service.api.newUser('disabled@example.com', PASSWORD);
    await service.sql(`UPDATE users SET disabled_at = now() WHERE email = 'disabled@example.com'`);
    const wrong = await login('disabled@example.com', WRONG, freshIp());
    expect(essence(wrong)).toEqual(essence(await login(UNKNOWN, WRONG, freshIp())));
    const ip = freshIp();
    // The password was right, so nothing was guessed: the budget is not spent however often.
    for (let time = 0; time < 7; time += 1) {
      expectProblem(await login('disabled@example.com', PASSWORD, ip), 403, 'account_disabled');
    }
  });

  it('lists every field at fault, and no value', async () => {
    const answer = await service.api.post<Problem>('/api/login', {
      email: 'not an address',
      password: 7,
      deviceName: '',
      refreshTokenIn: 'query',
      remember: true,
    });
    const problem = expectProblem(answer, 400, 'validation_failed');
    expect(fieldsOf(problem)).toEqual(['deviceName', 'email', 'password', 'refreshTokenIn', 'remember']);
    expect(answer.text).not.toContain('not an address');
    expect(fieldsOf(expectProblem(await service.api.post('/api/login'), 400, 'validation_failed'))).toEqual([
      'email',
      'password',
    ]);
  });

  it.each([
    ['an array', { email: ['ada@example.com'], password: [PASSWORD] }],
    ['an operator', { email: { $ne: null }, password: { $ne: null } }],
    ['null', { email: null, password: null }],
    ['true', { email: true, password: true }],
    ['an empty text', { email: '', password: '' }],
  ])('takes no %s for an address or a password', async (_name, json) => {
    const problem = expectProblem(await service.api.post('/api/login', json), 400, 'validation_failed');
    expect(fieldsOf(problem)).toEqual(['email', 'password']);
  });

  it.each([
    ['a quote', `ada@example.com' OR '1'='1`],
    ['a comment', 'ada@example.com"--'],
    ['a NUL', 'ada@example.com\u0000'],
    ['a line end', 'ada@example.com\r\nx'],
    ['a zero-width character', 'a\u200bda@example.com'],
    ['two addresses', 'ada@example.com, eve@example.com'],
  ])('takes nothing for an address that has %s in it', async (_name, email) => {
    expectProblem(await service.api.post('/api/login', { email, password: PASSWORD }), 400, 'validation_failed');
  });

  it('knows an address in every spelling, by one account and one budget', async () => {
    const spellings = [
      'ADA@example.com',
      ' ada@EXAMPLE.com ',
      'Ada@Example.Com',
      '\tada@example.com',
      'aDA@example.com',
    ];
    const ids = new Set<string>();
    for (const email of spellings) {
      const { accessToken } = (await login(email, PASSWORD, freshIp())).body;
      ids.add((await service.api.get<{ id: string }>('/api/me', accessToken)).body.id);
    }
    expect(ids.size).toBe(1);
    const ip = freshIp();
    for (const email of spellings) expectProblem(await login(email, WRONG, ip), 401, 'invalid_credentials');
    expectProblem(await login(ada.email, WRONG, ip), 429, 'rate_limited');
  });

  it.each([
    ['known', ada.email],
    ['unknown', UNKNOWN],
  ])(
    'blocks the sixth guess at a %s address, looks at no password then, and says for how long',
    async (_kind, email) => {
      const ip = freshIp();
      await spendBudget(email, ip);
      const verify = jest.spyOn(service.app.get(PasswordHasher), 'verify');
      const right = await login(email, PASSWORD, ip);
      const problem = expectProblem(right, 429, 'rate_limited');
      expect(problem.detail).not.toMatch(/account|password/i);
      expect(verify).not.toHaveBeenCalled();
      const retryAfter = Number(right.headers.get('retry-after'));
      expect(retryAfter).toBeGreaterThan(880);
      expect(retryAfter).toBeLessThanOrEqual(900);
      expect(right.headers.get('ratelimit-policy')).toBe('"login";q=5;w=900, "login-network";q=100;w=900');
      expect(right.headers.get('ratelimit')).toMatch(
        new RegExp(`^"login";r=0;t=${retryAfter}, "login-network";r=95;t=\\d+$`),
      );
    },
  );

  it('blocks known and unknown addresses with the same answer', async () => {
    const [one, other] = [freshIp(), freshIp()];
    await spendBudget(ada.email, one);
    await spendBudget(UNKNOWN, other);
    const [known, unknown] = [await login(ada.email, PASSWORD, one), await login(UNKNOWN, PASSWORD, other)];
    expectProblem(known, 429, 'rate_limited');
    expect(essence(unknown)).toEqual(essence(known));
  });

  it('blocks neither another address from here nor this address from elsewhere', async () => {
    const ip = freshIp();
    await spendBudget(ada.email, ip);
    expectProblem(await login(UNKNOWN, WRONG, ip), 401, 'invalid_credentials');
    expect((await login(ADMIN.email, ADMIN.password, ip)).status).toBe(200);
    expect((await login(ada.email, PASSWORD, freshIp())).status).toBe(200);
  });

  it('counts an IPv6 network of 64 bits as one place', async () => {
    for (let host = 1; host <= 5; host += 1) {
      expectProblem(await login(ada.email, WRONG, `2001:db8:0:1::${host}`), 401, 'invalid_credentials');
    }
    expectProblem(await login(ada.email, PASSWORD, '2001:db8:0:1:ffff::1'), 429, 'rate_limited');
    expect((await login(ada.email, PASSWORD, '2001:db8:0:2::1')).status).toBe(200);
  });

  it('counts down as guesses fail, and starts again after a sign-in', async () => {
    const ip = freshIp();
    for (const remaining of [4, 3, 2, 1]) {
      expect((await login(ada.email, WRONG, ip)).headers.get('ratelimit')).toMatch(
        new RegExp(`^"login";r=${remaining};t=\\d+, "login-network";r=${95 + remaining};t=\\d+$`),
      );
    }
    const right = await login(ada.email, PASSWORD, ip);
    expect([right.status, right.headers.get('ratelimit')?.slice(0, 11)]).toEqual([200, '"login";r=5']);
    await spendBudget(ada.email, ip);
    expectProblem(await login(ada.email, WRONG, ip), 429, 'rate_limited');
  });

  it('never spends the budget by signing in', async () => {
    const ip = freshIp();
    for (let time = 0; time < 8; time += 1) expect((await login(ada.email, PASSWORD, ip)).status).toBe(200);
  });

  it('lets no more than five passwords be looked at, however many come at once', async () => {
    const ip = freshIp();
    const verify = jest.spyOn(service.app.get(PasswordHasher), 'verify');
    const answers = await Promise.all(Array.from({ length: 20 }, () => login(ada.email, WRONG, ip)));
    expect(verify).toHaveBeenCalledTimes(5);
    const codes = answers.map(({ body }) => body.code).sort();
    expect(codes).toEqual([...Array<string>(5).fill('invalid_credentials'), ...Array<string>(15).fill('rate_limited')]);
  });

  it('asks for a second, not for the window, where sign-ins under way hold the budget', async () => {
    const ip = freshIp();
    const answers = await Promise.all(Array.from({ length: 12 }, () => login(ADMIN.email, ADMIN.password, ip)));
    const waits = answers.filter(({ status }) => status === 429).map(({ headers }) => headers.get('retry-after'));
    expect(waits.length).toBeGreaterThan(0);
    expect(new Set(waits)).toEqual(new Set(['1']));
    expect((await login(ADMIN.email, ADMIN.password, ip)).status).toBe(200);
  });

  it('keeps a right password from a session where the account is disabled while it is checked', async () => {
    await service.api.newUser('racing@example.com', PASSWORD);
    const hasher = service.app.get(PasswordHasher);
    jest.spyOn(hasher, 'verify').mockImplementationOnce(async () => {
      await service.sql(`UPDATE users SET disabled_at = now(), ver = ver + 1 WHERE email = 'racing@example.com'`);
      return 'match';
    });
    const before = await service.sql<{ count: string }>('SELECT count(*) FROM sessions');
    expectProblem(await login('racing@example.com', PASSWORD, freshIp()), 401, 'invalid_credentials');
    expect(await service.sql('SELECT count(*) FROM sessions')).toEqual(before);
  });

  it('never trims a password', async () => {
    await service.api.newUser('spaces@example.com', ` ${PASSWORD} `);
    expect((await login('spaces@example.com', ` ${PASSWORD} `, freshIp())).status).toBe(200);
    for (const password of [PASSWORD, `${PASSWORD} `, ` ${PASSWORD}`, ` ${PASSWORD.toUpperCase()} `]) {
      expectProblem(await login('spaces@example.com', password, freshIp()), 401, 'invalid_credentials');
    }
  });

  it('never cuts a password: the last of 128 characters matters, and one more is another password', async () => {
    const long = Array.from({ length: 128 }, (_, index) => String.fromCodePoint(0x61 + ((index * 7) % 26))).join('');
    await service.api.newUser('long@example.com', long);
    expect((await login('long@example.com', long, freshIp())).status).toBe(200);
    for (const password of [`${long.slice(0, -1)}#`, long.slice(0, -1), `${long}x`, long.slice(0, 72)]) {
      expectProblem(await login('long@example.com', password, freshIp()), 401, 'invalid_credentials');
    }
  });

  it('takes a password however its characters were composed', async () => {
    await service.api.newUser('accents@example.com', 'caf\u00e9 \ufb01sh and twelve spoons');
    const decomposed = 'cafe\u0301 fish and twelve spoons';
    expect((await login('accents@example.com', decomposed, freshIp())).status).toBe(200);
  });

  it('refuses alike while too many passwords wait, and gives the try back', async () => {
    const queue = Reflect.get(service.app.get(PasswordHasher), 'queue') as BoundedQueue;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const jobs: Promise<void>[] = [];
    while (queue.depth.refused === 0) jobs.push(queue.run(() => released).catch(() => undefined));
    const [one, other] = [freshIp(), freshIp()];
    try {
      for (const [email, ip] of [
        [ada.email, one],
        [UNKNOWN, other],
      ] as const) {
        for (let time = 0; time < 6; time += 1) {
          const answer = await login(email, PASSWORD, ip);
          expectProblem(answer, 503, 'overloaded');
          expect(answer.headers.get('retry-after')).toMatch(/^[12]$/);
        }
      }
      const [known, unknown] = [await login(ada.email, PASSWORD, freshIp()), await login(UNKNOWN, PASSWORD, freshIp())];
      expect(essence(unknown)).toEqual(essence(known));
    } finally {
      release();
      await Promise.all(jobs);
    }
    expect((await login(UNKNOWN, WRONG, other)).headers.get('ratelimit')).toMatch(/^"login";r=4;/);
    expect((await login(ada.email, PASSWORD, one)).status).toBe(200);
  });

  it('frees the address when the window has passed', async () => {
    const ip = freshIp();
    await spendBudget(ada.email, ip);
    const blocked = await login(ada.email, PASSWORD, ip);
    service.clock.advance(Number(blocked.headers.get('retry-after')) - 5);
    expectProblem(await login(ada.email, PASSWORD, ip), 429, 'rate_limited');
    service.clock.advance(6);
    expect((await login(ada.email, PASSWORD, ip)).status).toBe(200);
  });
});

describe('the budget of guesses', () => {
  const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
  let first: TestApp;
  let second: TestApp;

  beforeAll(async () => {
    first = await startTestApp({ env: secrets });
    second = await startTestApp({ env: secrets, database: first.database });
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });

  const guess = (on: TestApp, email: string, forwarded = '203.0.113.1'): Promise<Answer<Problem>> =>
    on.api.send('POST', '/api/login', {
      json: { email, password: WRONG },
      headers: { 'x-forwarded-for': forwarded, forwarded: `for=${forwarded}`, 'x-real-ip': forwarded },
    });

  it('is one for all instances, also for guesses at the same moment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => guess(index % 2 ? first : second, 'shared@example.com')),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
  });

  it('survives a restart', async () => {
    for (let time = 0; time < 5; time += 1) await guess(first, 'restart@example.com');
    await second.close();
    second = await startTestApp({ env: secrets, database: first.database });
    expectProblem(await guess(second, 'restart@example.com'), 429, 'rate_limited');
  });

  it('is not renewed by what a client says of its address, where no proxy is trusted', async () => {
    for (let time = 0; time < 5; time += 1) await guess(first, 'forwarded@example.com', `203.0.113.${time + 1}`);
    expectProblem(await guess(first, 'forwarded@example.com', '203.0.113.99'), 429, 'rate_limited');
  });

  it('keeps neither the address nor the client of a guess in the clear', async () => {
    await guess(first, 'secretive@example.com');
    const rows = await first.sql<{ row: string }>('SELECT g::text AS row FROM guesses g');
    expect(JSON.stringify(rows)).not.toMatch(/secretive|127\.0\.0\.1/);
    expect(rows.length).toBeGreaterThan(0);
  });
});

describe('login where addresses must be verified', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp({ env: { REQUIRE_VERIFIED_EMAIL: 'on' } });
    await service.api.post('/api/register', { email: 'fresh@example.com', password: PASSWORD });
  });
  afterAll(() => service.close());

  it('tells so after the right password only', async () => {
    const wrong = await service.api.post<Problem>('/api/login', { email: 'fresh@example.com', password: WRONG });
    await service.sql('DELETE FROM guesses');
    const unknown = await service.api.post<Problem>('/api/login', { email: UNKNOWN, password: WRONG });
    expect(essence(wrong)).toEqual(essence(unknown));
    const right = await service.api.post('/api/login', { email: 'fresh@example.com', password: PASSWORD });
    expectProblem(right, 403, 'email_unverified');
  });

  it('lets the owner in once it is verified', async () => {
    await service.sql(`UPDATE users SET email_verified_at = now() WHERE email = 'fresh@example.com'`);
    await expect(service.api.signIn({ email: 'fresh@example.com', password: PASSWORD })).resolves.toBeDefined();
  });
});
