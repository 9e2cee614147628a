import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Secret, TOTP } from 'otpauth';
import type { Api, Tokens } from '../support/api.js';
import { buildServer } from '../support/built-server.js';
import { startCommand } from '../support/built-command.js';
import { onServer } from '../support/database.js';
import { DebianPostgres } from '../support/debian-postgres.js';
import { eventually } from '../support/eventually.js';
import { scratchFolder } from '../support/scratch.js';
import { ServerProcess } from '../support/server-process.js';
import { ADMIN, randomSecret, testEnvironment } from '../support/test-app.js';
import { addressesOf, makeDatabase, makeRoles } from '../support/two-roles.js';
import type { Addresses } from '../support/two-roles.js';

jest.setTimeout(180_000);

const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
const PASSWORD = 'seven quiet otters juggling';
const NEW_PASSWORD = 'eleven loud herons painting';

const environmentOn = ({ owner, service }: Addresses): Record<string, string> =>
  testEnvironment(service, { MIGRATE_DATABASE_URL: owner, ...secrets });
const verifyLog = (at: Addresses, args: readonly string[] = [], cwd = scratchFolder()) =>
  startCommand('audit-verify.js', args, { cwd, env: { ...environmentOn(at), MIGRATE: 'off' } }).ends();
/** @param steps of 30 s from now: each code is good once */
const codeOf = (secret: string, steps: number): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 });
const isGranted = async (api: Api, accessToken: string): Promise<boolean> =>
  (await api.get('/api/protected', accessToken)).status === 200;
const refreshed = async (api: Api, session: Tokens): Promise<Tokens> => {
  const answer = await api.refresh(session.refreshToken);
  if (answer.status !== 200) throw new Error(`refresh answered ${answer.status}: ${answer.text}`);
  return answer.body;
};

describe('a backup by pg_dump, made under traffic and restored into a new database', () => {
  let postgres: DebianPostgres;
  let restored: ServerProcess;
  let at: Addresses;
  /** Sessions and what became of them after the backup. */
  const session: Record<'kept' | 'ahead' | 'revoked' | 'late' | 'admin' | 'renewed', Tokens> = {} as never;
  let busy: Tokens[];
  let totpSecret: string;
  let checkpoint: string;

  beforeAll(async () => {
    buildServer();
    postgres = await DebianPostgres.start();
    await makeRoles(postgres);
    const before = await makeDatabase(postgres, 'gatehouse');
    const server = await ServerProcess.start(environmentOn(before));
    const { api } = server;
    session.admin = await api.signIn(ADMIN);
    for (const name of ['kept', 'ahead', 'revoked'] as const)
      session[name] = await refreshed(api, await api.newUser(`${name}@example.com`, PASSWORD));
    const totp = await api.newUser('totp@example.com', PASSWORD);
    totpSecret = String((await api.post('/api/me/totp', { password: PASSWORD }, totp.accessToken)).body.secret);
    const confirmed = await api.post('/api/me/totp/confirm', { code: codeOf(totpSecret, -1) }, totp.accessToken);
    expect(confirmed.status).toBe(200);

    const dump = path.join(DebianPostgres.home(), 'gatehouse.dump');
    busy = await duringTraffic(api, () =>
      postgres.run('pg_dump', ['--format=custom', `--file=${dump}`, `--dbname=${before.owner}`]),
    );

    session.ahead = await refreshed(api, await refreshed(api, session.ahead));
    expect((await api.post('/api/logout', {}, session.revoked.accessToken)).status).toBe(204);
    session.late = await api.newUser('late@example.com', PASSWORD);
    const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    expect((await api.post('/api/me/password', change, session.kept.accessToken)).status).toBe(204);
    session.kept = await refreshed(api, session.kept);
    // Everyone was signed out after the backup: what is issued then says an era that the restored database has yet to reach.
    const everyone = { all: true, reason: 'drill' };
    expect((await api.post('/api/admin/sessions/revoke', everyone, session.admin.accessToken)).status).toBe(200);
    session.renewed = await api.signIn({ email: 'ahead@example.com', password: PASSWORD });
    await eventually(async () => {
      const { output } = await verifyLog(before);
      expect(output).toMatch(/^intact/);
      expect(output).not.toContain('wait for their seal');
      checkpoint = /^Checkpoint .*$/m.exec(output)?.[0] ?? '';
    }, 30_000);
    await server.stop();

    at = await makeDatabase(postgres, 'restored');
    await postgres.run('pg_restore', ['--exit-on-error', '--dbname=restored', dump]);
    restored = await ServerProcess.start({ ...environmentOn(at), MIGRATE: 'off' });
  });
  afterAll(async () => {
    await restored.stop();
    await postgres.stop();
  });

  it('has every account with the password of then, and second factors whose secrets still open', async () => {
    const { api } = restored;
    await api.signIn({ email: 'ahead@example.com', password: PASSWORD });
    const first = await api.post('/api/login', { email: 'totp@example.com', password: PASSWORD });
    expect([first.status, first.body.code]).toEqual([401, 'mfa_required']);
    const second = await api.post('/api/login/mfa', { mfaToken: first.body.mfaToken, code: codeOf(totpSecret, 1) });
    expect(second.status).toBe(200);
    // Made after the backup: gone. Changed after it: as it was, which the operator has to think of.
    expect((await api.post('/api/login', { email: 'late@example.com', password: PASSWORD })).status).toBe(401);
    expect((await api.post('/api/login', { email: 'kept@example.com', password: NEW_PASSWORD })).status).toBe(401);
    expect((await api.post('/api/login', { email: 'kept@example.com', password: PASSWORD })).status).toBe(200);
  });

  it('takes no honest client for a thief: sessions go on from the generation that they had reached', async () => {
    const { api } = restored;
    session.ahead = await refreshed(api, session.ahead);
    await refreshed(api, session.ahead);
    for (const each of busy) await refreshed(api, each);
    const admin = await api.signIn(ADMIN);
    const events = await api.get<{ items: { type: string }[] }>(
      '/api/admin/events?type=session_resumed&limit=100',
      admin.accessToken,
    );
    expect(events.body.items.length).toBeGreaterThan(0);
    const reuse = await api.get<{ items: unknown[] }>('/api/admin/events?type=authn_token_reuse', admin.accessToken);
    expect(reuse.body.items).toEqual([]);
  });

  it('has an event log that is whole up to the backup, and tells that its end is gone to who kept a checkpoint', async () => {
    const { code, output } = await verifyLog(at);
    expect([code, output]).toEqual([0, expect.stringMatching(/^intact: [1-9]/)]);
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'service.log'), `${checkpoint}\n`);
    const compared = await verifyLog(at, ['--checkpoints', 'service.log'], folder);
    expect([compared.code, compared.output]).toEqual([1, expect.stringContaining('not in the chain')]);
  });

  it('gives the role of the service no more than it had', async () => {
    for (const statement of [
      'DELETE FROM audit_events',
      'UPDATE audit_seals SET total = 0',
      'CREATE TABLE mine (id int)',
    ])
      await expect(onServer((query) => query(statement), at.service)).rejects.toThrow('permission denied');
    await expect(onServer((query) => query('DELETE FROM audit_events'), at.owner)).rejects.toThrow();
    const migrated = await startCommand('migrate.js', [], {
      cwd: scratchFolder(),
      env: { DATABASE_URL: at.service, MIGRATE_DATABASE_URL: at.owner },
    }).ends();
    expect([migrated.code, migrated.output]).toEqual([0, 'The database is of this version.\n']);
  });

  it('has forgotten what was revoked since, until everyone is signed out and the key replaced', async () => {
    const { api } = restored;
    // What the operator must know: these were ended, or never were, and hold again.
    expect(await isGranted(api, session.revoked.accessToken)).toBe(true);
    expect(await isGranted(api, session.renewed.accessToken)).toBe(true);
    const rotated = await api.post(
      '/api/admin/keys/rotate',
      { emergency: true },
      (await api.signIn(ADMIN)).accessToken,
    );
    expect(rotated.status).toBe(201);
    const everyone = { all: true, includeSelf: true, reason: 'restored a backup' };
    const ended = await api.post('/api/admin/sessions/revoke', everyone, (await api.signIn(ADMIN)).accessToken);
    expect(ended.status).toBe(200);
    for (const { accessToken, refreshToken } of [...Object.values(session), ...busy]) {
      expect(await isGranted(api, accessToken)).toBe(false);
      expect((await api.refresh(refreshToken)).status).toBe(401);
    }
    expect((await api.post('/api/login', { email: 'ahead@example.com', password: PASSWORD })).status).toBe(200);
  });
});

describe('a base backup with archived WAL, restored to a point in time', () => {
  let archive: string;
  let server: DebianPostgres;
  let back: DebianPostgres | undefined;

  afterAll(async () => {
    await back?.stop();
    await server.stop();
  });

  it('has what was acknowledged before that point, and nothing after', async () => {
    buildServer();
    archive = path.join(DebianPostgres.home(), 'archive');
    mkdirSync(archive);
    DebianPostgres.own(archive);
    const copy = path.join(DebianPostgres.home(), 'data');
    server = await DebianPostgres.start(['archive_mode = on', `archive_command = 'cp %p ${archive}/%f'`]);
    await makeRoles(server);
    const first = await ServerProcess.start(environmentOn(await makeDatabase(server, 'gatehouse')));
    const session = await first.api.newUser('kept@example.com', PASSWORD);
    await server.run('pg_basebackup', [`--pgdata=${copy}`, '--checkpoint=fast']);
    await first.api.newUser('before@example.com', PASSWORD);
    const [row] = await onServer((query) => query(`SELECT clock_timestamp()::text AS at`), server.url());
    await first.api.newUser('after@example.com', PASSWORD);
    const moved = await refreshed(first.api, session);
    await first.stop();
    // The last segment is archived as the server stops.
    await server.stop();
    expect(readdirSync(archive).length).toBeGreaterThan(0);

    const signal = path.join(copy, 'recovery.signal');
    writeFileSync(signal, '');
    DebianPostgres.own(signal);
    back = await server.restoredFrom(copy, [
      `restore_command = 'cp ${archive}/%f %p'`,
      `recovery_target_time = '${row?.at ?? ''}'`,
      `recovery_target_action = 'promote'`,
    ]);
    const { url } = { url: back.url() };
    await eventually(async () => {
      const [state] = await onServer((query) => query('SELECT pg_is_in_recovery()::text AS recovering'), url);
      expect(state?.recovering).toBe('false');
    }, 60_000);
    const at = addressesOf(back, 'gatehouse');
    const second = await ServerProcess.start({ ...environmentOn(at), MIGRATE: 'off' });
    await second.api.signIn({ email: 'before@example.com', password: PASSWORD });
    expect((await second.api.post('/api/login', { email: 'after@example.com', password: PASSWORD })).status).toBe(401);
    await refreshed(second.api, moved);
    expect((await verifyLog(at)).code).toBe(0);
    await second.stop();
  });
});

/** Keeps sessions refreshing and people signing in while something runs. @returns the sessions as they are after it */
async function duringTraffic(api: Api, work: () => Promise<unknown>): Promise<Tokens[]> {
  const sessions = await Promise.all([1, 2, 3].map((each) => api.newUser(`busy-${each}@example.com`, PASSWORD)));
  let done = false;
  const traffic = sessions.map(async (first) => {
    let tokens = first;
    // Some before it begins, some after it has ended.
    for (let left = 3; left > 0; left -= done ? 1 : 0) {
      tokens = await refreshed(api, tokens);
      if (!(await isGranted(api, tokens.accessToken))) throw new Error('a fresh token was refused');
    }
    return tokens;
  });
  await work();
  done = true;
  return Promise.all(traffic);
}
