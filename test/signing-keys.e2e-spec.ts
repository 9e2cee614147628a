import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import type { Problem } from './support/api.js';
import { eventually } from './support/eventually.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

interface Key {
  readonly kid: string;
  readonly algorithm: string;
  readonly state: string;
  readonly activatesAt: string | null;
}

/** An admin's sign-in, at the service's present time. */
const admin = async (service: TestApp): Promise<string> => (await service.api.signIn(ADMIN)).accessToken;
const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? '';
const keys = async (service: TestApp): Promise<Key[]> =>
  (await service.api.get<{ items: Key[] }>('/api/admin/keys', await admin(service))).body.items;
const inState = async (service: TestApp, state: string): Promise<string[]> =>
  (await keys(service)).filter((key) => key.state === state).map(({ kid }) => kid);
const published = async (service: TestApp): Promise<string[]> =>
  (await service.api.get<{ keys: { kid: string }[] }>('/.well-known/jwks.json')).body.keys.map(({ kid }) => kid);

describe('rotating the signing keys', () => {
  let service: TestApp;

  beforeEach(async () => {
    service = await startTestApp();
  });
  afterEach(() => service.close());

  it('makes the first key active at once, and always publishes one pending key', async () => {
    expect(await inState(service, 'active')).toHaveLength(1);
    expect(await inState(service, 'pending')).toHaveLength(1);
    expect(await published(service)).toHaveLength(2);
  });

  it('lets a pending key sign only after every cache of the key set can hold it', async () => {
    const [pending = ''] = await inState(service, 'pending');
    const old = await admin(service);
    const asked = await service.api.post<Key>('/api/admin/keys/rotate', {}, old);
    expect(asked.status).toBe(201);
    expect(asked.body).toMatchObject({ kid: pending, state: 'pending' });
    expect(Date.parse(asked.body.activatesAt ?? '')).toBeGreaterThan(service.clock.now().getTime() + 590_000);
    service.clock.advance(580);
    expect(kidOf(await admin(service))).toBe(kidOf(old));
    service.clock.advance(30);
    await eventually(async () => {
      expect(kidOf(await admin(service))).toBe(pending);
    });
    // The key before it verifies for one access token's life, and no longer.
    expect((await service.api.get('/api/protected', old)).status).toBe(200);
    expect(await inState(service, 'retiring')).toEqual([kidOf(old)]);
    service.clock.advance(15 * 60 + 15);
    await eventually(async () => {
      expect(await inState(service, 'retired')).toEqual([kidOf(old)]);
    });
    expect(await published(service)).not.toContain(kidOf(old));
    const [row] = await service.sql<{ wrapped: unknown }>(
      'SELECT wrapped_private_key AS wrapped FROM signing_keys WHERE kid = $1',
      [kidOf(old)],
    );
    expect(row).toEqual({ wrapped: null });
  });

  it('rotates by itself when KEY_ROTATION is over', async () => {
    const old = kidOf(await admin(service));
    service.clock.advance(90 * 24 * 60 * 60 + 1);
    await eventually(async () => {
      expect(kidOf(await admin(service))).not.toBe(old);
    });
  });

  it('asks for the same rotation once, however often', async () => {
    const token = await admin(service);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => service.api.post<Key>('/api/admin/keys/rotate', {}, token)),
    );
    expect(new Set(answers.map(({ body }) => `${body.kid} ${body.activatesAt ?? ''}`)).size).toBe(1);
  });

  it('ends the compromised key at once in an emergency, and refuses what it signed', async () => {
    const [pending = ''] = await inState(service, 'pending');
    const session = await service.api.signIn(ADMIN);
    const asked = await service.api.post<Key>('/api/admin/keys/rotate', { emergency: true }, session.accessToken);
    expect(asked.body).toMatchObject({ kid: pending, state: 'active' });
    const refused = await service.api.get<Problem>('/api/protected', session.accessToken);
    expect([refused.status, refused.body.code]).toEqual([401, 'token_stale']);
    expect(await published(service)).not.toContain(kidOf(session.accessToken));
    // The session itself goes on: a refresh mends it.
    const refreshed = await service.api.refresh(session.refreshToken);
    expect((await service.api.get('/api/protected', refreshed.body.accessToken)).status).toBe(200);
  });

  it('makes a new key instead of the pending one where that is to be discarded too', async () => {
    const [pending = ''] = await inState(service, 'pending');
    const token = await admin(service);
    const asked = await service.api.post<Key>(
      '/api/admin/keys/rotate',
      { emergency: true, discardPending: true },
      token,
    );
    expect(asked.body.state).toBe('active');
    expect([pending, kidOf(token)]).not.toContain(asked.body.kid);
    expect(await published(service)).not.toContain(pending);
    expect(kidOf(await admin(service))).toBe(asked.body.kid);
  });

  it('serves emergencies that are declared at once, and publishes a pending key all the while', async () => {
    const token = await admin(service);
    const fewest = { keys: Infinity, done: false };
    const watching = (async () => {
      while (!fewest.done) fewest.keys = Math.min(fewest.keys, (await published(service)).length);
    })();
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => service.api.post('/api/admin/keys/rotate', { emergency: true }, token)),
    );
    fewest.done = true;
    await watching;
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(fewest.keys).toBeGreaterThanOrEqual(2);
    expect(await inState(service, 'active')).toHaveLength(1);
    expect(await inState(service, 'pending')).toHaveLength(1);
  });

  it('refuses to discard the pending key where no emergency is declared', async () => {
    const answer = await service.api.post<Problem>(
      '/api/admin/keys/rotate',
      { discardPending: true },
      await admin(service),
    );
    expect(answer.body).toMatchObject({ code: 'validation_failed', errors: [{ field: 'discardPending' }] });
  });
});

describe('signing keys of several instances', () => {
  const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };

  it('verifies everywhere what any instance signs, through a rotation under traffic', async () => {
    const one = await startTestApp({ env: secrets });
    const two = await startTestApp({ env: secrets, database: one.database, clock: one.clock });
    try {
      const jwks = createRemoteJWKSet(new URL('/.well-known/jwks.json', two.api.url));
      const before = kidOf(await admin(one));
      await one.api.post('/api/admin/keys/rotate', {}, await admin(one));
      one.clock.advance(610);
      const sendTraffic = async (): Promise<void> => {
        for (const [issuer, verifier] of [
          [one, two],
          [two, one],
        ] as const) {
          const token = await admin(issuer);
          const answer = await verifier.api.get('/api/protected', token);
          if (answer.status !== 200) throw new Error(`refused while rotating: ${answer.text}`);
          await jwtVerify(token, jwks, { typ: 'at+jwt', currentDate: one.clock.now() });
        }
      };
      await eventually(async () => {
        await sendTraffic();
        expect(kidOf(await admin(one))).not.toBe(before);
        expect(kidOf(await admin(two))).not.toBe(before);
      }, 10_000);
      await sendTraffic();
    } finally {
      await two.close();
      await one.close();
    }
  });

  it('knows a key that another instance made in an emergency a moment ago', async () => {
    const one = await startTestApp({ env: secrets });
    const two = await startTestApp({ env: secrets, database: one.database, clock: one.clock });
    try {
      await one.api.post('/api/admin/keys/rotate', { emergency: true, discardPending: true }, await admin(one));
      expect((await two.api.get('/api/protected', await admin(one))).status).toBe(200);
    } finally {
      await two.close();
      await one.close();
    }
  });

  it('changes the algorithm without a token that a verifier could not check', async () => {
    const one = await startTestApp({ env: secrets });
    const two = await startTestApp({
      env: { ...secrets, JWT_ALGORITHM: 'ES384' },
      database: one.database,
      clock: one.clock,
    });
    try {
      expect(decodeProtectedHeader(await admin(two)).alg).toBe('ES256');
      two.clock.advance(610);
      await eventually(async () => {
        expect(decodeProtectedHeader(await admin(two)).alg).toBe('ES384');
      });
      expect((await one.api.get('/api/protected', await admin(two))).status).toBe(200);
    } finally {
      await two.close();
      await one.close();
    }
  });

  it('rotates JWT_SECRET in three roll-outs without a refused token', async () => {
    const old = randomSecret();
    const fresh = randomSecret();
    const first = await startTestApp({ env: { ...secrets, JWT_SECRET: old } });
    const running = [first];
    const token = await admin(first);
    try {
      for (const list of [`${old},${fresh}`, `${fresh},${old}`, fresh]) {
        const next = await startTestApp({
          env: { ...secrets, JWT_SECRET: list },
          database: first.database,
          clock: first.clock,
        });
        running.push(next);
        expect((await next.api.get('/api/protected', token)).status).toBe(200);
        for (const each of running.slice(-2)) {
          expect((await each.api.get('/api/protected', await admin(next))).status).toBe(200);
        }
      }
    } finally {
      for (const each of running.reverse()) await each.close();
    }
  });

  it('answers keys_in_config to a rotation under HS256, and publishes no key', async () => {
    const service = await startTestApp({ env: { JWT_ALGORITHM: 'HS256' } });
    try {
      const answer = await service.api.post<Problem>('/api/admin/keys/rotate', {}, await admin(service));
      expect([answer.status, answer.body.code]).toEqual([409, 'keys_in_config']);
      expect(await published(service)).toEqual([]);
    } finally {
      await service.close();
    }
  });
});
