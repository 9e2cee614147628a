import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { DataSource } from 'typeorm';
import { AuditLog } from '../src/audit/audit-log.js';
import { isRunning } from '../src/database/embedded/process-life.js';
import { AccountImport } from '../src/users/import/account-import.js';
import { Api } from './support/api.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { startCommand } from './support/built-command.js';
import type { BuiltCommand } from './support/built-command.js';
import { buildServer, killServers, startServer } from './support/built-server.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { Mailbox } from './support/mailbox.js';
import { expectProblem } from './support/problem.js';
import { scratchFolder } from './support/scratch.js';
import { randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

jest.setTimeout(120_000);

/** Made by libxcrypt. */
const BCRYPT = '$2y$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W';
const PASSWORD = 'correct horse battery staple';
/** Of 72 bytes, so that nothing longer may pass for it. */
const LONGEST = {
  hash: '$2b$10$abcdefghijklmnopqrstuuFDtQhQzvgcjDZEtaF9g2Qalio.A3kyy',
  password: '0123456789'.repeat(7) + 'ab',
};
const OURS = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;
const NEW = 'eight noisy badgers resting';

describe('an imported account', () => {
  let service: TestApp;
  let mailbox: Mailbox;
  let users = 0;

  beforeAll(async () => {
    service = await startTestApp({ env: { REQUIRE_VERIFIED_EMAIL: 'on' } });
    mailbox = Mailbox.of(service);
  });
  afterAll(() => service.close());

  const imported = async (fields: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const email = `imported${++users}@example.com`;
    const { app, clock } = service;
    const report = { refused: () => undefined, committed: () => undefined };
    const importer = new AccountImport(app.get(DataSource), app.get(AuditLog), clock, report);
    const line = JSON.stringify({ email, passwordHash: BCRYPT, emailVerified: true, ...fields });
    expect(await importer.run(Readable.from([Buffer.from(line)]), { fromLine: 1 })).toMatchObject({ imported: 1 });
    return email;
  };
  const login = (email: string, password: string): Promise<Answer<Problem & Tokens>> =>
    service.api.post('/api/login', { email, password });
  const hashOf = async (email: string): Promise<string | null | undefined> => {
    const [row] = await service.sql<{ hash: string | null }>(
      'SELECT password_hash AS hash FROM users WHERE email = $1',
      [email],
    );
    return row?.hash;
  };

  it('signs in with the password that its bcrypt hash was made of, and has an Argon2id hash from then on', async () => {
    const email = await imported({ name: 'Ann', roles: ['support'] });
    const { accessToken } = await service.api.signIn({ email, password: PASSWORD });
    expect((await service.api.get('/api/me', accessToken)).body).toMatchObject({
      email,
      name: 'Ann',
      roles: ['support'],
      emailVerified: true,
    });
    expect(await hashOf(email)).toMatch(OURS);
    await service.api.signIn({ email, password: PASSWORD });
    expectProblem(await login(email, `${PASSWORD}!`), 401, 'invalid_credentials');
  });

  it('keeps its hash as long as nobody knows the password', async () => {
    const email = await imported();
    for (const wrong of [`${PASSWORD} `, PASSWORD.toUpperCase(), BCRYPT]) {
      expectProblem(await login(email, wrong), 401, 'invalid_credentials');
    }
    expect(await hashOf(email)).toBe(BCRYPT);
  });

  it('is not opened by a password that bcrypt would cut to the right one', async () => {
    const email = await imported({ passwordHash: LONGEST.hash });
    for (const more of ['c', '\u0000', ' and more']) {
      expectProblem(await login(email, LONGEST.password + more), 401, 'invalid_credentials');
    }
    await service.api.signIn({ email, password: LONGEST.password });
    expectProblem(await login(email, `${LONGEST.password}c`), 401, 'invalid_credentials');
  });

  it('keeps every session of sign-ins at the same moment, whichever replaces the hash', async () => {
    const email = await imported();
    const answers = await Promise.all([1, 2, 3, 4].map(() => login(email, PASSWORD)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const { body } of answers) expect((await service.api.refresh(body.refreshToken)).status).toBe(200);
    expect(await hashOf(email)).toMatch(OURS);
    await service.api.signIn({ email, password: PASSWORD });
  });

  it('without a password is its owner’s who asks for a link', async () => {
    const email = await imported({ passwordHash: null, emailVerified: false });
    expectProblem(await login(email, PASSWORD), 401, 'invalid_credentials');
    expect((await service.api.post('/api/password/forgot', { email })).status).toBe(202);
    const { token } = await mailbox.eventuallyMail(email, 'password_reset');
    expect((await service.api.post('/api/password/reset', { token, password: NEW })).status).toBe(200);
    await service.api.signIn({ email, password: NEW });
  });

  it('may have a password that is too short to be chosen here', async () => {
    const email = await imported({
      passwordHash: '$2y$10$.vGA1O9wmRjrwAVXD98HNOgsNpDczlqm3Jq7KnEd1rVAGv3Fykk1a',
    });
    await service.api.signIn({ email, password: 'rasmuslerdorf' });
  });

  it.each([{ roles: [] }, { roles: ['admin'] }])(
    'that nobody has verified waits for its owner, and no stranger comes by it or has it deleted: %j',
    async (rights) => {
      const email = await imported({ emailVerified: false, ...rights });
      expect((await service.api.post('/api/register', { email, password: NEW })).status).toBe(202);
      await mailbox.eventuallyMail(email, 'registration_attempt');
      expectProblem(await login(email, NEW), 401, 'invalid_credentials');
      expectProblem(await login(email, PASSWORD), 403, 'email_unverified');
      const [row] = await service.sql('SELECT registration_expires_at FROM users WHERE email = $1', [email]);
      expect(row).toEqual({ registration_expires_at: null });

      expect((await service.api.post('/api/email/resend', { email })).status).toBe(202);
      const { token } = await mailbox.eventuallyMail(email, 'verify_email');
      expect((await service.api.post('/api/email/verify', { token })).status).toBe(204);
      await service.api.signIn({ email, password: PASSWORD });
    },
  );
});

describe('npm run users:import', () => {
  let database: TestDatabase;
  let production: Record<string, string>;

  beforeAll(async () => {
    buildServer();
    database = await createTestDatabase();
    production = {
      NODE_ENV: 'production',
      DATABASE_URL: database.url,
      PUBLIC_URL: 'https://auth.example.com',
      MAIL: 'off',
      JWT_SECRET: randomSecret(),
      REFRESH_SECRET: randomSecret(),
    };
  });
  afterAll(async () => {
    await killServers();
    await database.drop();
  });

  const start = (args: readonly string[], env = production, cwd = scratchFolder()): BuiltCommand =>
    startCommand('users-import.js', args, { cwd, env });
  const lines = (...accounts: readonly unknown[]): string =>
    accounts.map((account) => `${JSON.stringify(account)}\n`).join('');
  const accounts = (name: string, count: number): string =>
    lines(...Array.from({ length: count }, (_, index) => ({ email: `${name}${index + 1}@example.com` })));
  const count = async (name: string): Promise<number> =>
    (await onServer((query) => query('SELECT 1 FROM users WHERE email LIKE $1', [`${name}%`]), database.url)).length;

  it('reads a file, and ends with 0 when every line is in the database', async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'accounts.ndjson'), accounts('file', 1_001));
    for (const summary of ['1001 imported, 0 already there', '0 imported, 1001 already there']) {
      const { code, output, errors } = await start(['accounts.ndjson'], production, folder).ends();
      expect([code, output]).toEqual([0, `${summary}, 0 refused\n`]);
      expect(errors).toBe('committed up to line 1000\ncommitted up to line 1001\n');
    }
    expect(readdirSync(folder)).toEqual(['accounts.ndjson']);
  });

  it('reads the standard input, and ends with 1 when it refused a line', async () => {
    const command = start(['-', '--from-line', '2']);
    command.stdin.end(lines({ email: 'stdin0@example.com' }, { email: 'stdin1@example.com' }, { email: 'canary' }));
    const { code, output, errors } = await command.ends();
    expect([code, output]).toEqual([1, '1 imported, 0 already there, 1 refused\n']);
    expect(errors).toContain('line 3: email must be an e-mail address\n');
    expect(errors).not.toContain('canary');
    expect(await count('stdin')).toBe(1);
  });

  it('ends with 2 when it is called wrongly, or what it is to read is no file', async () => {
    const calls = [[], ['a', 'b'], ['--dry-run', 'a'], ['--from-line', '0', 'a'], ['nowhere.ndjson'], ['.']];
    const ended = await Promise.all(calls.map((args) => start(args).ends()));
    expect(ended.map(({ code, output, errors }) => [code, output, errors.split(/:|\n/)[0]])).toEqual([
      ...Array.from({ length: 4 }, () => [2, '', 'Usage']),
      [2, '', 'nowhere.ndjson cannot be read.'],
      [2, '', '. cannot be read.'],
    ]);
  });

  it('ends with 78 when the configuration is faulty, and names every variable', async () => {
    const command = start(['-'], { NODE_ENV: 'production', DATABASE_URL: 'mysql://canary' });
    command.stdin.end();
    const { code, errors } = await command.ends();
    expect(code).toBe(78);
    for (const name of ['DATABASE_URL', 'JWT_SECRET', 'PUBLIC_URL']) expect(errors).toContain(name);
    expect(errors).toMatch(/^Nothing was imported\. /);
    expect(errors).not.toMatch(/canary|\n\s+at /);
  });

  it('does not touch a database that lacks its migrations while MIGRATE is off', async () => {
    const empty = await createTestDatabase('empty');
    try {
      const command = start(['-'], { ...production, DATABASE_URL: empty.url, MIGRATE: 'off' });
      command.stdin.end();
      const { code, errors } = await command.ends();
      expect([code, errors.includes('npm run migration:run')]).toEqual([1, true]);
    } finally {
      await empty.drop();
    }
  });

  it('stops at SIGINT while it waits for input, and goes on from where it says', async () => {
    const input = accounts('stopped', 1_500);
    const stopped = start(['-']);
    stopped.stdin.write(input);
    await stopped.tells(/committed up to line 1000\n/);
    stopped.kill('SIGINT');
    const { code, output, errors } = await stopped.ends();
    expect([code, output]).toEqual([1, '']);
    expect(errors).not.toMatch(/\n\s+at /);
    const [, from = ''] = /To go on: --from-line (\d+)\n$/.exec(errors) ?? [];
    expect([from, await count('stopped')]).toEqual(['1001', 1_000]);
    const command = start(['--from-line', from, '-']);
    command.stdin.end(input);
    expect((await command.ends()).output).toBe('500 imported, 0 already there, 0 refused\n');
  });

  describe('in development', () => {
    const postgresOf = (folder: string): number | undefined => {
      const reference = path.join(folder, '.data', 'postgres', 'location');
      const home = existsSync(reference) ? readFileSync(reference, 'utf8').trim() : path.dirname(reference);
      const file = path.join(home, 'data', 'postmaster.pid');
      return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
    };
    /** As root, Postgres runs under another account, which has to get through it. */
    const emptyFolder = (): string => {
      const folder = scratchFolder();
      chmodSync(folder, 0o711);
      return folder;
    };
    const ann = { email: 'ann@example.com', passwordHash: BCRYPT, emailVerified: true };

    it('runs the Postgres of the folder for as long as it takes, and shares that of a running service', async () => {
      const folder = emptyFolder();
      const alone = start(['-'], {}, folder);
      alone.stdin.end(lines(ann));
      expect(await alone.ends()).toMatchObject({ code: 0, output: '1 imported, 0 already there, 0 refused\n' });
      expect(postgresOf(folder)).toBeUndefined();

      const server = await startServer(folder);
      await server.says(/Stop with Ctrl-C/);
      const beside = start(['-'], {}, folder);
      beside.stdin.end(lines(ann, { ...ann, email: 'bob@example.com' }));
      expect(await beside.ends()).toMatchObject({ code: 0, output: '1 imported, 1 already there, 0 refused\n' });
      expect(isRunning(postgresOf(folder) ?? 0)).toBe(true);
      for (const email of ['ann@example.com', 'bob@example.com']) {
        await new Api(server.url).signIn({ email, password: PASSWORD });
      }
      expect((await server.stop()).code).toBe(0);
    });
  });
});
