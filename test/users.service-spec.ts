import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditLog } from '../src/audit/audit-log.js';
import type { AppConfig } from '../src/config/app-config.js';
import { DataKeys } from '../src/crypto/data-keys.js';
import { Metrics } from '../src/observability/metrics.js';
import { SystemClock } from '../src/shared/clock.js';
import { newUserId } from '../src/shared/ids.js';
import { Secret } from '../src/shared/secret.js';
import { AdminBootstrap, AdminBootstrapError } from '../src/users/admin-bootstrap.js';
import type { FirstAdmin } from '../src/users/admin-bootstrap.js';
import { normaliseEmail } from '../src/users/email-address.js';
import type { EmailAddress } from '../src/users/email-address.js';
import { PasswordHasher } from '../src/users/password-hasher.js';
import { DecoyHashes } from '../src/users/passwords/decoy-hashes.js';
import { PasswordPolicy } from '../src/users/password-policy.js';
import { UserEntity } from '../src/users/user.entity.js';
import { UsersService } from '../src/users/users.service.js';
import type { PasswordRehash, Registration } from '../src/users/users.service.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';

const PASSWORD = 'correct horse battery staple';
const OTHER_PASSWORD = 'seven wet badgers on a tram';
const NOW = new Date('2026-11-24T06:14:00Z');

const address = (text: string): EmailAddress => {
  const email = normaliseEmail(text);
  if (!email) throw new Error(text);
  return email;
};
const ANN = address('ann@example.com');

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  dataSource = await new DataSource({ type: 'postgres', url: database.url, entities: [UserEntity] }).initialize();
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

beforeEach(() => dataSource.query('DELETE FROM users'));

function build(options: { requireVerifiedEmail?: boolean; argon2Time?: number } = {}) {
  const { requireVerifiedEmail = false, argon2Time = 1 } = options;
  const parts = {
    sessions: { refreshSecrets: [new Secret('a secret of these tests that is long enough')] },
    passwords: { minLength: 15, argon2MemoryKiB: 1024, argon2Time, hashConcurrency: 4 },
    accounts: {
      registration: 'open',
      requireVerifiedEmail,
      adminEmail: undefined,
      adminPassword: undefined,
      adminMaxAuthAgeSeconds: 43_200,
      adminRequireMfa: false,
    },
  };
  const config = parts as unknown as AppConfig;
  const clock = new SystemClock();
  const keys = new DataKeys(dataSource, clock, config);
  const decoys = new DecoyHashes(dataSource, keys, clock, config);
  const hasher = new PasswordHasher(config, new Metrics());
  const policy = new PasswordPolicy(config);
  return {
    hasher,
    users: new UsersService(dataSource, hasher, policy, decoys, config),
    admins: new AdminBootstrap(dataSource, hasher, policy, new AuditLog(dataSource, keys), config, clock),
  };
}

const registration = (changes: Partial<Registration> = {}): Registration => ({
  email: ANN,
  password: PASSWORD,
  name: 'Ann',
  now: NOW,
  ...changes,
});
const stored = (email = ANN): Promise<UserEntity> => dataSource.getRepository(UserEntity).findOneByOrFail({ email });
const change = (changes: Partial<UserEntity>): Promise<unknown> =>
  dataSource.getRepository(UserEntity).update({ email: ANN }, changes);

describe('UsersService.register', () => {
  it('creates an enabled, unverified account without roles', async () => {
    const { users } = build();
    const { outcome, userId } = await users.register(registration({ name: '  Ann ' }));
    expect(outcome).toBe('created');
    expect(await users.findById(userId)).toEqual({
      id: userId,
      email: ANN,
      emailVerified: false,
      name: 'Ann',
      roles: [],
      disabled: false,
      mfaEnabled: false,
      credentialVersion: 1,
      ver: 1,
      deviceVersion: 1,
      hasPassword: true,
      isUnusedRegistration: false,
      createdAt: NOW,
      lastLoginAt: null,
    });
  });

  it('changes nothing of an account whose address is taken', async () => {
    const { users } = build();
    const first = await users.register(registration());
    const before = await stored();
    const second = await users.register(registration({ password: OTHER_PASSWORD, name: 'Eve' }));
    expect(second).toEqual({ outcome: 'taken', userId: first.userId });
    expect(await stored()).toEqual(before);
  });

  it('replaces password and name of an unverified account where verification is required', async () => {
    const { users } = build({ requireVerifiedEmail: true });
    const first = await users.register(registration());
    const second = await users.register(registration({ password: OTHER_PASSWORD, name: null }));
    expect(second).toEqual({ outcome: 'replaced', userId: first.userId });
    expect(await stored()).toMatchObject({ name: null, credentialVersion: 2, createdAt: NOW });
    expect((await users.verifyPassword(ANN, OTHER_PASSWORD)).outcome).toBe('match');
    expect((await users.verifyPassword(ANN, PASSWORD)).outcome).toBe('mismatch');
  });

  it.each([
    ['verified', { emailVerifiedAt: NOW }],
    ['disabled', { disabledAt: NOW }],
    ['invited', { passwordHash: null }],
  ])('changes nothing of a %s account, verification required or not', async (_, state) => {
    const { users } = build({ requireVerifiedEmail: true });
    await users.register(registration());
    await change(state);
    const before = await stored();
    expect(await users.register(registration({ password: OTHER_PASSWORD }))).toMatchObject({ outcome: 'taken' });
    expect(await stored()).toEqual(before);
  });

  it('creates one account when the same address registers many times at once', async () => {
    const { users } = build();
    const results = await Promise.all(Array.from({ length: 10 }, () => users.register(registration())));
    expect(results.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect(new Set(results.map(({ userId }) => userId)).size).toBe(1);
  });

  it('hashes the password whether the address is taken or not', async () => {
    const { users, hasher } = build();
    const hash = jest.spyOn(hasher, 'hash');
    await users.register(registration());
    await users.register(registration());
    expect(hash).toHaveBeenCalledTimes(2);
  });

  it('refuses a weak password before it looks at the address', async () => {
    const { users } = build();
    await expect(users.register(registration({ password: 'short' }))).rejects.toMatchObject({ code: 'password_weak' });
    expect(await dataSource.getRepository(UserEntity).count()).toBe(0);
  });
});

describe('UsersService.verifyPassword', () => {
  it('finds the account however its address is written', async () => {
    const { users } = build();
    const { userId } = await users.register(registration());
    const check = await users.verifyPassword('  ANN@Example.COM ', PASSWORD);
    expect(check).toMatchObject({ outcome: 'match', account: { id: userId }, rehash: undefined });
  });

  it('never shows the hash', async () => {
    const { users } = build();
    await users.register(registration());
    const check = await build({ argon2Time: 2 }).users.verifyPassword(ANN, PASSWORD);
    expect(JSON.stringify(check)).not.toContain('argon2');
  });

  it.each(['bob@example.com', 'no address', ''])('hashes for %j as for a known address', async (text) => {
    const { users, hasher } = build();
    const verify = jest.spyOn(hasher, 'verify');
    expect(await users.verifyPassword(text, PASSWORD)).toEqual({ outcome: 'mismatch', account: undefined });
    const decoy: unknown = text.includes('@') ? expect.stringContaining('m=1024,t=1,p=1') : null;
    expect(verify).toHaveBeenCalledWith(decoy, PASSWORD);
  });

  it('tells counters and events whose password was wrong', async () => {
    const { users } = build();
    const { userId } = await users.register(registration());
    expect(await users.verifyPassword(ANN, OTHER_PASSWORD)).toMatchObject({
      outcome: 'mismatch',
      account: { id: userId },
    });
  });

  it.each([null, 'no hash'])('lets nobody in where the stored hash is %j', async (passwordHash) => {
    const { users } = build();
    await users.register(registration());
    await change({ passwordHash });
    expect((await users.verifyPassword(ANN, PASSWORD)).outcome).toBe('mismatch');
  });
});

describe('UsersService.storeRehash', () => {
  const rehashAfterRegistration = async (): Promise<PasswordRehash> => {
    await build().users.register(registration());
    const check = await build({ argon2Time: 2 }).users.verifyPassword(ANN, PASSWORD);
    if (check.outcome !== 'match' || !check.rehash) throw new Error('no rehash is due');
    return check.rehash;
  };

  it('stores a hash with the greater parameters, and keeps the credential version', async () => {
    const { users } = build({ argon2Time: 2 });
    const rehash = await rehashAfterRegistration();
    expect(await dataSource.transaction((tx) => users.storeRehash(rehash, tx))).toBe(true);
    expect(await stored()).toMatchObject({ credentialVersion: 1, passwordHash: rehash.replacement.reveal() });
    expect(await users.verifyPassword(ANN, PASSWORD)).toMatchObject({ outcome: 'match', rehash: undefined });
  });

  it('stores nothing where the password has been changed meanwhile', async () => {
    const { users, hasher } = build({ argon2Time: 2 });
    const rehash = await rehashAfterRegistration();
    await change({ passwordHash: await hasher.hash(OTHER_PASSWORD) });
    expect(await dataSource.transaction((tx) => users.storeRehash(rehash, tx))).toBe(false);
    expect((await users.verifyPassword(ANN, OTHER_PASSWORD)).outcome).toBe('match');
  });
});

describe('UsersService', () => {
  it('renames an account, and removes its name', async () => {
    const { users } = build();
    const { userId } = await users.register(registration());
    expect(await users.rename(userId, ' Anna ')).toMatchObject({ name: 'Anna' });
    expect(await users.rename(userId, null)).toMatchObject({ name: null });
  });

  it('knows no account by a made-up id', async () => {
    const { users } = build();
    expect(await users.findById(newUserId())).toBeUndefined();
    expect(await users.rename(newUserId(), 'Ann')).toBeUndefined();
  });

  it('records the time of a sign-in with the transaction it belongs to', async () => {
    const { users } = build();
    const { userId } = await users.register(registration());
    const failing = dataSource.transaction(async (tx) => {
      await users.recordLogin(tx, userId, NOW);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect((await users.findById(userId))?.lastLoginAt).toBeNull();
    await dataSource.transaction((tx) => users.recordLogin(tx, userId, NOW));
    expect((await users.findById(userId))?.lastLoginAt).toEqual(NOW);
  });
});

describe('AdminBootstrap', () => {
  const admin: FirstAdmin = { email: 'Root@Example.com', password: new Secret(PASSWORD) };
  const root = address('root@example.com');

  it('creates a verified admin while there is none', async () => {
    const { admins, users } = build();
    expect(await admins.ensureAdmin(admin)).toBe('created');
    expect(await users.verifyPassword(root, PASSWORD)).toMatchObject({
      outcome: 'match',
      account: { roles: ['admin'], emailVerified: true, disabled: false },
    });
  });

  it('does nothing once there is an admin, whatever is configured', async () => {
    const { admins } = build();
    await admins.ensureAdmin(admin);
    const before = await stored(root);
    expect(await admins.ensureAdmin({ email: 'Root@Example.com', password: new Secret(OTHER_PASSWORD) })).toBe(
      'exists',
    );
    expect(await admins.ensureAdmin({ email: 'second@example.com', password: new Secret('short') })).toBe('exists');
    expect(await dataSource.getRepository(UserEntity).find()).toEqual([before]);
  });

  it('creates one admin when many instances start at once', async () => {
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map((instance) =>
        build().admins.ensureAdmin({ email: `root${instance}@example.com`, password: new Secret(PASSWORD) }),
      ),
    );
    expect(outcomes.sort()).toEqual(['created', 'exists', 'exists', 'exists']);
    expect(await dataSource.getRepository(UserEntity).count()).toBe(1);
  });

  it('stops the start where the address is that of another account, and leaves that as it is', async () => {
    const { admins, users } = build();
    await users.register(registration({ email: root }));
    const before = await stored(root);
    await expect(admins.ensureAdmin(admin)).rejects.toThrow(/ADMIN_EMAIL.*not an admin/);
    expect(await stored(root)).toEqual(before);
  });

  it.each([
    ['ADMIN_EMAIL', { ...admin, email: 'nobody' }],
    ['ADMIN_PASSWORD', { ...admin, password: new Secret('hunter2hunter2') }],
    ['ADMIN_PASSWORD', { ...admin, password: new Secret('gatehouse-gatehouse') }],
  ])('stops the start where %s will not do, and does not say its value', async (variable, configured) => {
    const failed: unknown = await build()
      .admins.ensureAdmin(configured)
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(AdminBootstrapError);
    expect(String(failed)).toContain(variable);
    expect(String(failed)).not.toMatch(/nobody|hunter2|gatehouse-/);
  });
});
