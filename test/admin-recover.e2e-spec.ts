import { chmodSync } from 'node:fs';
import { GuessCounters } from '../src/auth/guesses/guess-counters.js';
import { MailSender } from '../src/mail/mail-sender.js';
import { Api } from './support/api.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { startCommand } from './support/built-command.js';
import { buildServer, killServers, startServer } from './support/built-server.js';
import { createTestDatabase, onServer } from './support/database.js';
import { eventually } from './support/eventually.js';
import { Mailbox } from './support/mailbox.js';
import { expectProblem } from './support/problem.js';
import { scratchFolder } from './support/scratch.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

jest.setTimeout(120_000);

const PASSWORD = 'seven quiet otters juggling';
const NEW = 'eight noisy badgers resting';
const LINK = /^ {2}(https?:\/\/\S+\/reset-password#token=(al_[\w-]{43}))$/m;

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

beforeAll(() => {
  buildServer();
});
afterAll(() => killServers());

const run = (args: readonly string[], env: Readonly<Record<string, string>>, cwd = scratchFolder()): Promise<Ended> =>
  startCommand('admin-recover.js', args, { cwd, env }).ends();
const tokenIn = ({ code, output, errors }: Ended): string => {
  expect([code, errors]).toEqual([0, expect.any(String)]);
  return LINK.exec(output)?.[2] ?? '';
};

describe('npm run admin:recover', () => {
  let service: TestApp;
  let env: Record<string, string>;
  let users = 0;

  beforeAll(async () => {
    const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
    service = await startTestApp({ env: { ...secrets, REQUIRE_VERIFIED_EMAIL: 'on' } });
    env = {
      ...secrets,
      NODE_ENV: 'production',
      DATABASE_URL: service.database.url,
      PUBLIC_URL: 'https://auth.example.com',
      APP_URL: 'https://app.example.com',
      MAIL: 'off',
    };
  });
  afterAll(() => service.close());

  const freshAddress = (): string => `user${++users}@example.com`;
  const login = (email: string, password: string): Promise<Answer<Tokens & Problem & { mfaToken: string }>> =>
    service.api.post('/api/login', { email, password });
  const reset = (token: string, password = NEW): Promise<Answer<Problem>> =>
    service.api.post('/api/password/reset', { token, password });
  const stored = async (email: string): Promise<Record<string, unknown> | undefined> =>
    (
      await service.sql<Record<string, unknown>>(
        `SELECT id, name, roles, disabled_at, mfa_enabled, email_verified_at IS NOT NULL AS verified,
                password_hash IS NOT NULL AS has_password, registration_expires_at FROM users WHERE email = $1`,
        [email],
      )
    )[0];
  const registered = async (email = freshAddress()): Promise<string> => {
    await service.api.post('/api/register', { email, password: PASSWORD });
    return email;
  };
  const verified = async (): Promise<{ email: string; tokens: Tokens }> => {
    const email = await registered();
    await service.sql('UPDATE users SET email_verified_at = now(), registration_expires_at = NULL WHERE email = $1', [
      email,
    ]);
    return { email, tokens: await service.api.signIn({ email, password: PASSWORD }) };
  };

  it('makes an admin where there is no account, who comes in by the printed link, once', async () => {
    const email = freshAddress();
    const ended = await run([email.toUpperCase()], env);
    const token = tokenIn(ended);
    expect(LINK.exec(ended.output)?.[1]).toBe(`https://app.example.com/reset-password#token=${token}`);
    expect(ended.output).toContain(
      `curl -H 'Content-Type: application/json' -d '{"token":"${token}","password":"NEW PASSWORD"}' https://auth.example.com/api/password/reset\n`,
    );
    expect(ended.errors).toBe('');
    expect(await stored(email)).toMatchObject({
      roles: ['admin'],
      verified: true,
      has_password: false,
      disabled_at: null,
    });
    expect((await reset(token)).status).toBe(200);
    expectProblem(await reset(token), 400, 'link_invalid');
    const { accessToken } = await service.api.signIn({ email, password: NEW });
    expect((await service.api.get('/api/admin/users', accessToken)).status).toBe(200);
    const { id } = (await stored(email)) ?? {};
    expect(
      await service.sql(
        'SELECT actor_id, session_id, ip, outcome, details FROM audit_events WHERE type = $1 AND user_id = $2',
        [...['admin_recovered', id]],
      ),
    ).toEqual([{ actor_id: null, session_id: null, ip: null, outcome: 'success', details: { created: true } }]);
  });

  it('gives an account back whose second factor and password are lost, that was demoted, disabled and locked', async () => {
    const { email, tokens } = await verified();
    const { body } = await service.api.post<{ secret: string }>(
      ...(['/api/me/totp', { password: PASSWORD }, tokens.accessToken] as const),
    );
    const app = new Authenticator(body.secret, service.clock);
    await service.api.post('/api/me/totp/confirm', { code: app.code() }, tokens.accessToken);
    const { mfaToken } = (await login(email, PASSWORD)).body;
    await service.api.post('/api/password/forgot', { email });
    const mailed = await Mailbox.of(service).eventuallyMail(email, 'password_reset');
    await service.sql(`UPDATE users SET disabled_at = now(), name = 'Ada', roles = '{support}' WHERE email = $1`, [
      email,
    ]);
    const { id } = (await stored(email)) ?? {};
    const counters = service.app.get(GuessCounters, { strict: false });
    for (const subject of [
      ['login-account', email],
      ['second-factor', String(id)],
    ]) {
      await service.sql(
        `INSERT INTO guesses (bucket, tries, failed, streak, window_ends_at, blocked_until)
         VALUES ($1, 100, 100, 100, now() + interval '1 day', 'infinity')
         ON CONFLICT (bucket) DO UPDATE SET blocked_until = 'infinity'`,
        [await counters.bucketOf(subject)],
      );
    }
    expectProblem(await login(email, PASSWORD), 429, 'rate_limited');

    const token = tokenIn(await run([email], env));
    expect(await stored(email)).toMatchObject({
      ...{ name: 'Ada', roles: ['admin', 'support'], disabled_at: null, mfa_enabled: false, has_password: false },
    });
    await eventually(async () => {
      expectProblem(await service.api.get('/api/me', tokens.accessToken), 401, 'token_revoked');
    });
    expectProblem(await service.api.refresh(tokens.refreshToken), 401, 'session_revoked');
    expectProblem(await reset(mailed.token ?? ''), 400, 'link_invalid');
    expectProblem(await service.api.post('/api/login/mfa', { mfaToken, code: app.nextCode() }), 401, 'mfa_invalid');
    expect((await reset(token)).status).toBe(200);
    expect((await login(email, NEW)).status).toBe(200);
    expect(await service.sql('SELECT 1 FROM guesses WHERE blocked_until IS NOT NULL')).toEqual([]);
  });

  it('lets in nobody who chose a password for the address before: nor a stranger who registered it', async () => {
    const email = await registered();
    expectProblem(await login(email, PASSWORD), 403, 'email_unverified');
    const verify = await Mailbox.of(service).eventuallyMail(email, 'verify_email');
    const token = tokenIn(await run([email], env));
    expectProblem(await login(email, PASSWORD), 401, 'invalid_credentials');
    expectProblem(await service.api.post('/api/email/verify', { token: verify.token }), 400, 'link_invalid');
    expect(await stored(email)).toMatchObject({ verified: true, registration_expires_at: null });
    expect((await reset(token)).status).toBe(200);
    expectProblem(await login(email, PASSWORD), 401, 'invalid_credentials');
    expect((await login(email, NEW)).status).toBe(200);
  });

  it('prints a link of thirty minutes, which a newer one ends', async () => {
    const { email } = await verified();
    const first = tokenIn(await run([email], env));
    const second = tokenIn(await run([email], env));
    expectProblem(await reset(first), 400, 'link_invalid');
    service.clock.advance(30 * 60);
    try {
      expectProblem(await reset(second), 400, 'link_invalid');
    } finally {
      service.clock.advance(-30 * 60);
    }
    expect((await reset(second)).status).toBe(200);
  });

  it('finds room for the role in an account that has sixteen', async () => {
    const { email } = await verified();
    const roles = Array.from({ length: 16 }, (_, at) => `r${at}`);
    await service.sql('UPDATE users SET roles = $2 WHERE email = $1', [email, roles]);
    tokenIn(await run([email], env));
    expect(await stored(email)).toMatchObject({ roles: ['admin', ...roles.slice(0, 15)] });
  });

  it('leaves one account, and one link that works, however many run at the same moment', async () => {
    const email = freshAddress();
    const tokens = (await Promise.all([1, 2, 3].map(() => run([email], env)))).map(tokenIn);
    const answers = await Promise.all(tokens.map((token) => reset(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    expect(await service.sql('SELECT 1 FROM users WHERE email = $1', [email])).toHaveLength(1);
  });

  it('changes nobody else, and starts nothing: no mail is sent and no key made that the service did not', async () => {
    const { email } = await verified();
    await service.sql(
      `INSERT INTO mail_outbox (id, purpose, recipient, details, created_at, next_attempt_at)
       VALUES (gen_random_uuid(), 'email_claimed', 'canary@example.com', '{}', now(), now() + interval '1 day')`,
    );
    const state = (): Promise<unknown> =>
      Promise.all([
        service.sql('SELECT kid, state FROM signing_keys ORDER BY kid'),
        service.sql('SELECT purpose FROM data_keys ORDER BY purpose'),
        service.sql('SELECT id, attempts FROM mail_outbox ORDER BY id'),
        service.sql('SELECT * FROM users WHERE email <> $1 ORDER BY id', [email]),
      ]);
    await service.app.get(MailSender, { strict: false }).drain();
    const before = await state();
    tokenIn(await run([email], env));
    expect(await state()).toEqual(before);
    await service.sql('DELETE FROM mail_outbox');
    expect((await login(ADMIN.email, ADMIN.password)).status).toBe(200);
  });

  it('ends with 2 when it is called wrongly, and says how', async () => {
    const calls = [[], ['a@example.com', 'b@example.com'], ['--help']];
    const ended = await Promise.all(calls.map((args) => run(args, env)));
    for (const { code, output, errors } of ended)
      expect([code, output, errors.split(':')[0]]).toEqual([2, '', 'Usage']);
    for (const text of ['ada', '']) {
      const { code, output, errors } = await run([text], env);
      expect([code, output, errors]).toEqual([2, '', 'EMAIL must be an e-mail address.\n']);
    }
  });

  it('ends with 78 when the configuration is faulty or its secret is another, and changes nothing', async () => {
    const email = freshAddress();
    const faulty = await run([email], { NODE_ENV: 'production', DATABASE_URL: 'mysql://canary' });
    expect([faulty.code, faulty.output]).toEqual([78, '']);
    for (const name of ['DATABASE_URL', 'JWT_SECRET', 'PUBLIC_URL']) expect(faulty.errors).toContain(name);
    expect(faulty.errors).toMatch(/^No admin was recovered\. /);
    expect(faulty.errors).not.toMatch(/canary|\n\s+at /);
    const other = await run([email], { ...env, REFRESH_SECRET: randomSecret() });
    expect([other.code, other.output]).toEqual([78, '']);
    expect(other.errors).toContain('REFRESH_SECRET');
    expect(await stored(email)).toBeUndefined();
  });

  it('does not touch a database that lacks its migrations while MIGRATE is off', async () => {
    const empty = await createTestDatabase('empty');
    try {
      const { code, output, errors } = await run(['a@example.com'], {
        ...env,
        DATABASE_URL: empty.url,
        MIGRATE: 'off',
      });
      expect([code, output, errors.includes('npm run migration:run')]).toEqual([1, '', true]);
      const tables = await onServer((query) => query(`SELECT to_regclass('users') AS of`), empty.url);
      expect(tables).toEqual([{ of: null }]);
    } finally {
      await empty.drop();
    }
  });
});

describe('npm run admin:recover without mail', () => {
  it('leads back in: the link is taken where MAIL is off', async () => {
    const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
    const service = await startTestApp({ env: { ...secrets, MAIL: 'off' } });
    try {
      const env = { ...secrets, NODE_ENV: 'development', DATABASE_URL: service.database.url, MAIL: 'off' };
      const token = tokenIn(await run([ADMIN.email], env));
      expect((await service.api.post('/api/password/reset', { token, password: NEW })).status).toBe(200);
      await service.api.signIn({ email: ADMIN.email, password: NEW });
    } finally {
      await service.close();
    }
  });
});

describe('npm run admin:recover in development', () => {
  it('runs the Postgres of the folder for as long as it takes, and shares that of a running service', async () => {
    const folder = scratchFolder();
    // As root, Postgres runs under another account, which has to get through it.
    chmodSync(folder, 0o711);
    const alone = tokenIn(await run(['ada@example.com'], {}, folder));
    const server = await startServer(folder);
    await server.says(/Stop with Ctrl-C/);
    const api = new Api(server.url);
    expect((await api.post('/api/password/reset', { token: alone, password: NEW })).status).toBe(200);
    const tokens = await api.signIn({ email: 'ada@example.com', password: NEW });
    const beside = tokenIn(await run(['ada@example.com'], {}, folder));
    // The running service learns of it by the feed.
    await eventually(async () => {
      expect((await api.get<Problem>('/api/me', tokens.accessToken)).body.code).toBe('token_revoked');
    });
    expect((await api.post('/api/password/reset', { token: beside, password: PASSWORD })).status).toBe(200);
    await api.signIn({ email: 'ada@example.com', password: PASSWORD });
    expect((await server.stop()).code).toBe(0);
  });
});
