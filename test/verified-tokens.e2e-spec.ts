import { VerifiedTokens } from '../src/tokens/access/verified-tokens.js';
import type { Problem, Tokens } from './support/api.js';
import { craft } from './support/crafted-token.js';
import { eventually } from './support/eventually.js';
import { startSeparateInstance } from './support/separate-instance.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PERSON = { email: 'ada@example.com', password: 'seven quiet otters juggling' };
const SECRETS = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };

let service: TestApp;
let memory: VerifiedTokens;
let personId: string;

beforeAll(async () => {
  service = await startTestApp({ env: SECRETS });
  memory = service.app.get(VerifiedTokens, { strict: false });
  await service.api.newUser(PERSON.email, PERSON.password);
  const found = await service.sql<{ id: string }>('SELECT id FROM users WHERE email = $1', [PERSON.email]);
  personId = found[0]?.id ?? '';
});
afterAll(() => service.close());

const statusAndCode = async (token: string, at = service.api): Promise<[number, string | undefined]> => {
  const { status, body } = await at.get<Partial<Problem>>('/api/protected', token);
  return [status, body.code];
};

/** Signs in, and has the token verified and remembered. */
async function remembered(person = PERSON): Promise<Tokens> {
  const tokens = await service.api.signIn(person);
  expect(memory.recall(tokens.accessToken)).toBeUndefined();
  expect(await statusAndCode(tokens.accessToken)).toEqual([200, undefined]);
  expect(memory.recall(tokens.accessToken)).toMatchObject({ sessionId: tokens.sessionId });
  return tokens;
}

async function expectRefused({ accessToken }: Tokens, code: string): Promise<void> {
  expect(await statusAndCode(accessToken)).toEqual([401, code]);
  expect(memory.recall(accessToken)).toBeUndefined();
}

describe('a token that was verified before', () => {
  it('is not verified again, and shows the same', async () => {
    const { accessToken, sessionId } = await remembered();
    const first = memory.recall(accessToken);
    expect(await statusAndCode(accessToken)).toEqual([200, undefined]);
    expect(memory.recall(accessToken)).toBe(first);
    expect(first).toMatchObject({ userId: personId, sessionId, roles: [] });
  });

  it('can be changed by nobody who is handed what it says', async () => {
    const principal = memory.recall((await remembered()).accessToken);
    expect(() => (principal?.roles as string[]).push('admin')).toThrow(TypeError);
    expect(() => Object.assign(principal ?? {}, { userId: 'another' })).toThrow(TypeError);
  });

  it('is known by every character of its own: another signature over the same is verified by itself', async () => {
    const tokens = await remembered();
    const signedAnew = await craft(service, tokens.accessToken);
    expect(memory.recall(signedAnew)).toBeUndefined();
    const [head, body, signature = ''] = tokens.accessToken.split('.');
    const forged = [head, body, `${signature.slice(0, 10)}${signature[10] === 'A' ? 'B' : 'A'}${signature.slice(11)}`];
    expect(await statusAndCode(forged.join('.'))).toEqual([401, 'token_invalid']);
    expect(await statusAndCode(`${tokens.accessToken}=`)).toEqual([401, 'token_invalid']);
  });

  it('is refused once its session has ended', async () => {
    const tokens = await remembered();
    await service.api.post('/api/logout', {}, tokens.accessToken);
    await expectRefused(tokens, 'token_revoked');
  });

  it('is refused here within a second after its session has ended on another instance', async () => {
    const other = await startSeparateInstance({ env: SECRETS, database: service.database });
    try {
      const tokens = await remembered();
      expect((await other.api.post('/api/logout', {}, tokens.accessToken)).status).toBe(204);
      await eventually(() => expectRefused(tokens, 'token_revoked'), 1_000);
    } finally {
      await other.close();
    }
  });

  it('is refused once its user has been given other roles', async () => {
    const tokens = await remembered();
    const admin = await service.api.signIn(ADMIN);
    const changed = await service.api.send('PATCH', `/api/admin/users/${personId}`, {
      json: { roles: ['user', 'admin'] },
      token: admin.accessToken,
    });
    expect(changed.status).toBe(200);
    await expectRefused(tokens, 'token_stale');
  });

  it('is refused once it has expired, and before it was issued, should the clock go back', async () => {
    const tokens = await remembered();
    service.clock.advance(-6);
    await expectRefused(tokens, 'token_invalid');
    service.clock.advance(6 + 901);
    await expectRefused(tokens, 'token_expired');
    service.clock.advance(-901);
  });

  it('is refused once its key has been given up in an emergency', async () => {
    const tokens = await remembered();
    const admin = await service.api.signIn(ADMIN);
    await service.api.post('/api/admin/keys/rotate', { emergency: true }, admin.accessToken);
    await expectRefused(tokens, 'token_stale');
  });

  it('is refused once everyone has been signed out', async () => {
    const tokens = await remembered();
    const admin = await service.api.signIn(ADMIN);
    await service.api.post('/api/admin/sessions/revoke', { all: true }, admin.accessToken);
    await expectRefused(tokens, 'token_revoked');
  });
});

describe('the memory of verified tokens', () => {
  it('is bounded, and forgets first what nobody has shown for longest', async () => {
    const { accessToken } = await remembered();
    const principal = memory.recall(accessToken);
    if (!principal) throw new Error('it was not remembered');
    const seconds = Math.floor(service.clock.now().getTime() / 1000);
    const verified = { principal, algorithm: 'ES256', fromSeconds: seconds, untilSeconds: seconds + 900 } as const;
    for (let index = 0; index < 30_000; index += 1) {
      memory.remember(`token ${index}`, verified);
      if (index % 1_000 === 0) expect(memory.recall(accessToken)).toBe(principal);
    }
    expect(memory.size).toBeLessThanOrEqual(5_000);
    expect(memory.recall('token 29999')).toBe(principal);
    expect(memory.recall('token 24000')).toBeUndefined();
  });
});
