import { DataSource } from 'typeorm';
import type { AppConfig } from '../src/config/app-config.js';
import { DataKeys } from '../src/crypto/data-keys.js';
import { UnopenableKeyError } from '../src/crypto/key-wrap.js';
import { secretId } from '../src/crypto/secret-ring.js';
import { Secret } from '../src/shared/secret.js';
import { SigningKeys } from '../src/tokens/keys/signing-keys.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';
import { TestClock } from './support/test-clock.js';

let database: TestDatabase;
let dataSource: DataSource;

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
});
afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

const OLD = randomSecret();
const NEW = randomSecret();
const idOf = (secret: string): string => secretId(new Secret(secret));

describe('data keys', () => {
  const instance = (first: string, ...others: string[]): DataKeys => {
    const parts = { sessions: { refreshSecrets: [new Secret(first), ...others.map((text) => new Secret(text))] } };
    return new DataKeys(dataSource, new TestClock(), parts as unknown as AppConfig);
  };
  const under = (): Promise<unknown> => dataSource.query('SELECT DISTINCT wrapped_under FROM data_keys');

  it('are made once, though many instances start at once', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => instance(OLD).key('cursors')));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect(keys[0]).toHaveLength(32);
    expect(await dataSource.query('SELECT purpose FROM data_keys')).toEqual([{ purpose: 'cursors' }]);
  });

  it('are taken from the instance that was first, though another had found none yet', async () => {
    const first = instance(OLD);
    let made: Buffer | undefined;
    const query = dataSource.query.bind(dataSource);
    const spy = jest.spyOn(dataSource, 'query').mockImplementation(async (...asked) => {
      if (asked[0].includes('INSERT') && made === undefined) {
        made = Buffer.alloc(0);
        made = await first.key('cursors');
      }
      return query<unknown>(...asked);
    });
    const second = await instance(OLD).key('cursors');
    spy.mockRestore();
    expect(made).toHaveLength(32);
    expect(second).toEqual(made);
    expect(await instance(OLD).key('cursors')).toEqual(made);
  });

  it('are another one for each purpose, and the same after a restart', async () => {
    const [before, after] = [instance(OLD), instance(OLD)];
    const cursors = await before.key('cursors');
    expect(await before.key('guesses')).not.toEqual(cursors);
    expect(await after.key('cursors')).toEqual(cursors);
  });

  it('are read once an instance', async () => {
    const keys = instance(OLD);
    await keys.onModuleInit();
    const query = jest.spyOn(dataSource, 'query');
    await keys.key('cursors');
    expect(query).not.toHaveBeenCalled();
    query.mockRestore();
  });

  it('stop the start where no listed secret opens them, and none is made in their place', async () => {
    await instance(OLD).onModuleInit();
    const stored: unknown = await dataSource.query('SELECT * FROM data_keys ORDER BY purpose');
    const starting = instance(NEW).onModuleInit();
    await expect(starting).rejects.toBeInstanceOf(UnopenableKeyError);
    await expect(starting).rejects.toThrow(`REFRESH_SECRET`);
    await expect(starting).rejects.toThrow(idOf(OLD));
    expect(await dataSource.query('SELECT * FROM data_keys ORDER BY purpose')).toEqual(stored);
  });

  it('stop the start where a stored one was altered', async () => {
    await instance(OLD).onModuleInit();
    await dataSource.query(
      `UPDATE data_keys SET wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)`,
    );
    await expect(instance(OLD).onModuleInit()).rejects.toBeInstanceOf(UnopenableKeyError);
  });

  it('cannot stand in for one another', async () => {
    await instance(OLD).onModuleInit();
    await dataSource.query(`
      UPDATE data_keys SET wrapped_key = (SELECT wrapped_key FROM data_keys WHERE purpose = 'guesses')
      WHERE purpose = 'cursors'`);
    await expect(instance(OLD).key('cursors')).rejects.toBeInstanceOf(UnopenableKeyError);
  });

  it('pass from one secret to the next in three roll-outs', async () => {
    const key = await instance(OLD).key('cursors');
    expect(await instance(OLD, NEW).key('cursors')).toEqual(key);
    expect(await under()).toEqual([{ wrapped_under: idOf(OLD) }]);
    const both = await Promise.all([instance(NEW, OLD).key('cursors'), instance(NEW, OLD).key('cursors')]);
    expect(both).toEqual([key, key]);
    expect(await under()).toEqual([{ wrapped_under: idOf(NEW) }]);
    expect(await instance(NEW).key('cursors')).toEqual(key);
    await expect(instance(OLD).key('cursors')).rejects.toBeInstanceOf(UnopenableKeyError);
  });

  it('are asked for again after a failure, which is not remembered', async () => {
    const keys = instance(OLD);
    jest.spyOn(dataSource, 'query').mockRejectedValueOnce(new Error('away'));
    await expect(keys.key('cursors')).rejects.toThrow('away');
    expect(await keys.key('cursors')).toHaveLength(32);
  });
});

describe('signing keys', () => {
  const REFRESH_SECRET = randomSecret();
  const start = (jwtSecret: string, env: Record<string, string> = {}): Promise<TestApp> =>
    startTestApp({ database, env: { JWT_SECRET: jwtSecret, REFRESH_SECRET, ...env } });
  const signerOf = ({ app }: TestApp): string => app.get(SigningKeys, { strict: false }).signer().kid;

  it('are the same after a restart, and so are the tokens that they signed', async () => {
    const before = await start(OLD);
    const { accessToken } = await before.api.signIn(ADMIN);
    const kid = signerOf(before);
    await before.close();
    const after = await start(OLD);
    expect(signerOf(after)).toBe(kid);
    expect((await after.api.get('/api/protected', accessToken)).status).toBe(200);
    await after.close();
  });

  it('are stored so that their table alone signs nothing', async () => {
    const service = await start(OLD);
    const rows = await service.sql<Record<string, unknown>>('SELECT * FROM signing_keys');
    const pkcs8 = service.app
      .get(SigningKeys, { strict: false })
      .signer()
      .sign.export({ format: 'der', type: 'pkcs8' });
    const jwk = service.app.get(SigningKeys, { strict: false }).signer().sign.export({ format: 'jwk' });
    for (const { public_jwk: published, wrapped_private_key: wrapped } of rows) {
      expect(published).not.toHaveProperty('d');
      expect((wrapped as Buffer).includes(pkcs8.subarray(-32))).toBe(false);
      expect((wrapped as Buffer).includes(Buffer.from(jwk.d ?? '', 'base64url'))).toBe(false);
    }
    await service.close();
  });

  it('stop the start where no listed secret opens them, and none is made in their place', async () => {
    await (await start(OLD)).close();
    const stored: unknown = await dataSource.query('SELECT kid, state FROM signing_keys ORDER BY kid');
    const starting = start(NEW);
    await expect(starting).rejects.toThrow(/JWT_SECRET: no listed secret opens/);
    await expect(starting).rejects.toThrow(idOf(OLD));
    expect(await dataSource.query('SELECT kid, state FROM signing_keys ORDER BY kid')).toEqual(stored);
  });

  it('pass from one secret to the next in three roll-outs, and the tokens go on', async () => {
    const first = await start(OLD);
    const { accessToken } = await first.api.signIn(ADMIN);
    const kid = signerOf(first);
    await first.close();
    for (const secrets of [`${OLD},${NEW}`, `${NEW},${OLD}`, NEW]) {
      const next = await start(secrets);
      expect(signerOf(next)).toBe(kid);
      expect((await next.api.get('/api/protected', accessToken)).status).toBe(200);
      await next.close();
    }
    expect(await dataSource.query('SELECT DISTINCT wrapped_under FROM signing_keys')).toEqual([
      { wrapped_under: idOf(NEW) },
    ]);
  });

  it('are the configured secrets under HS256, each of them good while it is listed', async () => {
    const old = await start(OLD, { JWT_ALGORITHM: 'HS256' });
    const { accessToken } = await old.api.signIn(ADMIN);
    expect(signerOf(old)).toBe(`hs256-${idOf(OLD)}`);
    await old.close();
    const both = await start(`${NEW},${OLD}`, { JWT_ALGORITHM: 'HS256' });
    expect(signerOf(both)).toBe(`hs256-${idOf(NEW)}`);
    expect((await both.api.get('/api/protected', accessToken)).status).toBe(200);
    await both.close();
    const gone = await start(NEW, { JWT_ALGORITHM: 'HS256' });
    expect((await gone.api.get('/api/protected', accessToken)).status).toBe(401);
    await gone.close();
  });
});
