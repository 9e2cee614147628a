import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const BIN = path.resolve('packages/testkit/bin/gatehouse-testkit.mjs');
const ADA = { email: 'ada@example.com', password: 'seven copper lanterns drifting', roles: ['editor'] };

interface Answer {
  readonly status: number;
  readonly body: Record<string, never>;
}

async function call(url: string, method = 'GET', body?: unknown, token?: string): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] };
}

describe('gatehouse-testkit', () => {
  let scratch: string;
  let child: ChildProcess;
  let url: string;
  let control: string;
  let admin: { email: string; password: string };
  const signIn = ({ email, password }: { email: string; password: string }): Promise<Answer> =>
    call(`${url}/api/login`, 'POST', { email, password });
  const gone = async (): Promise<number | null> => {
    if (child.exitCode === null) await once(child, 'exit');
    return child.exitCode;
  };

  beforeAll(async () => {
    scratch = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-testkit-test-'));
    const { PATH = '' } = process.env;
    child = spawn(
      process.execPath,
      [BIN, '--with-stdin', '--account', `${ADA.email}:${ADA.password}:editor`, '--env', 'JWT_EXPIRE=5m'],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH, TMPDIR: scratch } },
    );
    if (!child.stdout) throw new Error('it has no output');
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    ({ url, control, admin } = JSON.parse(line) as { url: string; control: string; admin: typeof admin });
  }, 60_000);
  afterAll(async () => {
    child.stdin?.end();
    await gone();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('answers on the loopback, for the admin and for the accounts that it was given', async () => {
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect((await signIn(admin)).status).toBe(200);
    const { status, body } = await signIn(ADA);
    expect(status).toBe(200);
    const me = await call(`${url}/api/me`, 'GET', undefined, body.accessToken);
    expect(me.body).toMatchObject({ email: ADA.email, roles: ADA.roles, emailVerified: true });
  });

  it('makes accounts while it runs, and says what is wrong with one', async () => {
    const account = { email: 'grace@example.com', password: 'eleven paper boats at dusk' };
    expect((await call(`${control}/accounts`, 'POST', account)).status).toBe(201);
    expect((await signIn(account)).status).toBe(200);
    expect(await call(`${control}/accounts`, 'POST', account)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('already') as string },
    });
    expect(await call(`${control}/accounts`, 'POST', { email: 'x@example.com' })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('password') as string },
    });
  });

  it('has tokens expire when its clock is advanced', async () => {
    const { body } = await signIn(ADA);
    const guarded = (): Promise<Answer> => call(`${url}/api/protected`, 'GET', undefined, body.accessToken);
    expect((await guarded()).status).toBe(200);
    await call(`${control}/clock`, 'POST', { advanceSeconds: 301 });
    expect(await guarded()).toMatchObject({ status: 401, body: { code: 'token_expired' } });
  });

  it('loses the answer to a refresh that the service has done: repeated, it is answered', async () => {
    const { body } = await signIn(ADA);
    const refresh = (): Promise<Answer> => call(`${url}/api/refresh`, 'POST', { refreshToken: body.refreshToken });
    await call(`${control}/refresh-answers`, 'POST', { drop: 1 });
    await expect(refresh()).rejects.toThrow();
    expect((await call(control)).body).toMatchObject({ refreshAnswersDropped: 1 });
    expect((await refresh()).status).toBe(200);
  });

  it('keeps the mail that is sent, with the link in it', async () => {
    const email = 'mary@example.com';
    await call(`${url}/api/register`, 'POST', { email, password: 'nine quiet harbours by night' });
    const mail = async (): Promise<Record<string, unknown>[]> => {
      const answer = await call(`${control}/mail?to=${email}&purpose=verify_email`);
      return answer.body as unknown as Record<string, unknown>[];
    };
    let found = await mail();
    for (const until = performance.now() + 10_000; found.length === 0 && performance.now() < until;)
      found = await mail();
    expect(found).toMatchObject([{ to: [email], token: expect.any(String) as string }]);
    expect((await call(`${control}/mail`, 'DELETE')).status).toBe(204);
    expect(await mail()).toEqual([]);
  });

  it('takes no form of a page', async () => {
    const response = await fetch(`${control}/clock`, {
      method: 'POST',
      body: new URLSearchParams({ advanceSeconds: '1' }),
    });
    expect(response.status).toBe(415);
  });

  it('ends with its standard input, and leaves nothing behind', async () => {
    expect(readdirSync(scratch)).not.toEqual([]);
    child.stdin?.end();
    expect(await gone()).toBe(0);
    expect(readdirSync(scratch)).toEqual([]);
    expect(existsSync(scratch)).toBe(true);
  });

  it('says what is wrong with its arguments', async () => {
    const failing = spawn(process.execPath, [BIN, '--account', 'nobody'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    failing.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(failing, 'exit')) as [number];
    expect([code, said]).toEqual([1, 'EMAIL:PASSWORD[:ROLE,ROLE] is wanted, not nobody.\n']);
  });
});
