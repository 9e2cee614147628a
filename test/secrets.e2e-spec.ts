import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MailSender } from '../src/mail/mail-sender.js';
import type { Sink } from '../src/observability/log-output.js';
import { UsersService } from '../src/users/users.service.js';
import type { Tokens } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { Mailbox } from './support/mailbox.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const CANARY = 'canary-password-of-nobody-else';
const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };

describe('what the service writes of its own accord', () => {
  let service: TestApp;
  const written: string[] = [];
  /** Everything that a caller or an operator would not want to read in a log. */
  const told = new Set<string>([CANARY, ADMIN.password, ...Object.values(secrets)]);
  /** The tokens of mailed links, whose plain hashes are kept on purpose: nobody guesses 256 bits. */
  const mailed = new Set<string>();
  const requestIds: string[] = [];

  const capture = (chunk: unknown): true => {
    written.push(String(chunk));
    return true;
  };
  const remember = (value: unknown): void => {
    if (typeof value === 'string') told.add(value);
  };

  beforeAll(async () => {
    jest.spyOn(process.stdout, 'write').mockImplementation(capture);
    jest.spyOn(process.stderr, 'write').mockImplementation(capture);
    const logTo: Sink = (text, done) => {
      written.push(text);
      done();
    };
    service = await startTestApp({ env: { LOG_LEVEL: 'debug', ...secrets }, logTo });
    await exercise();
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await service.close();
  });

  /** Every way in, on and out, right, wrong and broken, with secrets wherever a caller may put them. */
  async function exercise(): Promise<void> {
    const { api } = service;
    await api.post('/api/register', { email: 'canary@example.com', password: CANARY });
    await api.post('/api/register', { email: 'canary@example.com', password: CANARY });
    await api.post('/api/register', { email: 'weak@example.com', password: 'canary-short' });
    told.add('canary-short');
    let tokens = await api.signIn({ email: 'canary@example.com', password: CANARY });
    const first = tokens;
    for (let step = 0; step < 3; step += 1) {
      remember(tokens.accessToken);
      remember(tokens.refreshToken);
      tokens = (await api.refresh(tokens.refreshToken, { 'idempotency-key': 'canary-idempotency-key' })).body;
    }
    told.add('canary-idempotency-key');
    remember(tokens.accessToken);
    remember(tokens.refreshToken);
    await api.post('/api/login', { email: 'canary@example.com', password: 'canary-wrong-guess-of-it' });
    told.add('canary-wrong-guess-of-it');
    await api.get(`/api/protected?access_token=${tokens.accessToken}`, `${tokens.accessToken}x`);
    await api.get(`/api/nowhere/canary-in-a-path?token=${tokens.refreshToken}`, tokens.accessToken);
    told.add('canary-in-a-path');
    await api.send('POST', '/api/login', { body: `{"password":"${CANARY}",` });
    await api.send('POST', '/api/login', { json: { password: CANARY, [CANARY]: CANARY } });
    await api.send('GET', '/api/me', {
      headers: { authorization: `Basic ${CANARY}`, cookie: `__Host-refresh=${CANARY}` },
    });
    await api.refresh(`${tokens.refreshToken.slice(0, -2)}xx`);
    service.clock.advance(120);
    await api.refresh(first.refreshToken);
    await exerciseSecondFactor(await api.signIn({ email: 'canary@example.com', password: CANARY }));
    await exerciseLinks();
    const again = await api.signIn({ email: 'canary@example.com', password: CANARY });
    remember(again.accessToken);
    remember(again.refreshToken);
    await fault(again.accessToken);
    await brokenStatement(again.refreshToken);
    await api.post('/api/logout', {}, again.accessToken);
    const [hash] = await service.sql<{ password_hash: string }>('SELECT password_hash FROM users');
    remember(hash?.password_hash);
  }

  async function exerciseSecondFactor({ accessToken, deviceToken }: Tokens & { deviceToken?: string }): Promise<void> {
    const { api, clock } = service;
    remember(accessToken);
    remember(deviceToken);
    const { body } = await api.post<{ secret: string }>('/api/me/totp', { password: CANARY }, accessToken);
    remember(body.secret);
    const app = new Authenticator(body.secret, clock);
    const confirmed = await api.post<{ recoveryCodes: string[] }>(
      ...(['/api/me/totp/confirm', { code: app.code() }, accessToken] as const),
    );
    for (const code of confirmed.body.recoveryCodes) {
      remember(code);
      remember(code.replaceAll('-', ''));
    }
    const login = await api.post<{ mfaToken: string }>('/api/login', { email: 'canary@example.com', password: CANARY });
    remember(login.body.mfaToken);
    await api.post('/api/login/mfa', { mfaToken: login.body.mfaToken, code: app.wrongCode() });
    await api.post('/api/login/mfa', { mfaToken: login.body.mfaToken, recoveryCode: confirmed.body.recoveryCodes[0] });
    const [, recoveryCode] = confirmed.body.recoveryCodes;
    await api.post('/api/me/totp/remove', { password: CANARY, recoveryCode }, accessToken);
  }

  async function exerciseLinks(): Promise<void> {
    const { api } = service;
    const mailbox = Mailbox.of(service);
    const verify = await mailbox.eventuallyMail('canary@example.com', 'verify_email');
    await api.post('/api/password/forgot', { email: 'canary@example.com' });
    const reset = await mailbox.eventuallyMail('canary@example.com', 'password_reset');
    for (const { token, link } of [verify, reset]) {
      if (token === undefined || link === undefined) throw new Error('a mail has no link');
      mailed.add(token);
    }
    await api.post('/api/email/verify', { token: verify.token });
    const answer = await api.post<{ deviceToken: string }>('/api/password/reset', {
      token: reset.token,
      password: CANARY,
    });
    remember(answer.body.deviceToken);
  }

  /** A fault whose error carries more than it should. */
  async function fault(accessToken: string): Promise<void> {
    // Whoever sends mail would meet the fault, too.
    await service.app.get(MailSender, { strict: false }).drain();
    const error = Object.assign(new Error('broken inside'), { parameters: [CANARY], query: CANARY, detail: CANARY });
    const find = jest.spyOn(service.app.get(UsersService), 'findById').mockRejectedValueOnce(error);
    const answer = await service.api.get('/api/me', accessToken);
    requestIds.push(answer.headers.get('x-request-id') ?? '');
    expect(answer.status).toBe(500);
    find.mockRestore();
  }

  /** Statements that Postgres refuses: its message may quote what it was given. */
  async function brokenStatement(refreshToken: string): Promise<void> {
    await service.sql('ALTER TABLE sessions RENAME TO mislaid');
    await service.sql('ALTER TABLE users ADD CONSTRAINT nobody CHECK (name IS NULL) NOT VALID');
    const answers = [
      await service.api.post('/api/login', { email: 'canary@example.com', password: CANARY }),
      await service.api.refresh(refreshToken),
      await service.api.post('/api/register', { email: 'x@example.com', password: CANARY, name: 'canary name' }),
    ];
    await service.sql('ALTER TABLE mislaid RENAME TO sessions');
    await service.sql('ALTER TABLE users DROP CONSTRAINT nobody');
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 500]);
    requestIds.push(...answers.map(({ headers }) => headers.get('x-request-id') ?? ''));
  }

  const found = (text: string): string[] =>
    [...told, ...mailed].filter((secret) => text.includes(secret)).map((each) => each.slice(0, 12));

  it('was captured: every fault is in the log under its request id', () => {
    const log = written.join('');
    expect(requestIds).toHaveLength(4);
    for (const id of requestIds) expect(log).toContain(id);
    expect(log).toContain('broken inside');
    for (const line of ['"level":"debug"', '"context":"Request"', '"event":"authn_login_fail"'])
      expect(log).toContain(line);
    expect(told.size).toBeGreaterThan(35);
    expect(mailed.size).toBe(2);
  });

  it('holds no password, token, key or secret in the log', () => {
    expect(found(written.join(''))).toEqual([]);
    expect(written.join('')).not.toMatch(/\$argon2|eyJ[\w-]+\.|(rt|dt|mt|al)_[\w-]{20}|PRIVATE KEY/);
  });

  it('holds no address of a person in the log', () => {
    expect(written.join('')).not.toMatch(/canary@example\.com|weak@example\.com/);
  });

  it('holds no password or token in the database, nor a plain hash of one', async () => {
    const tables = await service.sql<{ name: string }>(
      `SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`,
    );
    expect(tables.length).toBeGreaterThan(4);
    const dump: string[] = [];
    for (const { name } of tables) {
      const rows = await service.sql<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`);
      dump.push(...rows.map(({ row }) => row));
    }
    const text = dump.join('\n');
    const hashes = [...told].flatMap((secret) =>
      (['sha1', 'sha256', 'sha512'] as const).flatMap((algorithm) =>
        (['hex', 'base64', 'base64url'] as const).map((encoding) =>
          createHash(algorithm).update(secret).digest(encoding),
        ),
      ),
    );
    // The hash of an idempotency key is kept on purpose: it proves a repeat, and opens nothing by itself.
    const idempotency = createHash('sha256').update('canary-idempotency-key').digest('hex');
    const isPasswordHash = (secret: string): boolean => secret.startsWith('$argon2');
    expect([...told].filter((secret) => !isPasswordHash(secret) && text.includes(secret))).toEqual([]);
    expect(hashes.filter((hash) => hash !== idempotency && text.includes(hash))).toEqual([]);
    expect(text).not.toMatch(/PRIVATE KEY|"d":/);
  });

  it('holds no password or token in mail', () => {
    const { mail } = service.config;
    const directory = mail.kind === 'files' ? mail.directory : '';
    const mails = readdirSync(directory).map((name) => readFileSync(path.join(directory, name), 'utf8'));
    expect(mails.length).toBeGreaterThan(0);
    for (const each of mails) expect(found(each).filter((secret) => !secret.startsWith('al_'))).toEqual([]);
  });
});
