import type { Answer, Problem } from './support/api.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';

describe('the profile', () => {
  let service: TestApp;
  let token: string;
  const answers: Answer<unknown>[] = [];

  beforeAll(async () => {
    service = await startTestApp();
    token = (await service.api.newUser('ada@example.com', PASSWORD)).accessToken;
  });
  afterAll(() => service.close());

  const read = async (by = token): Promise<Answer> => {
    const answer = await service.api.get('/api/me', by);
    answers.push(answer);
    return answer;
  };
  const patch = async (json: unknown, by = token): Promise<Answer<Problem>> => {
    const answer = await service.api.send<Problem>('PATCH', '/api/me', { json, token: by });
    answers.push(answer);
    return answer;
  };

  it('shows its owner exactly the members of the contract', async () => {
    const { status, body } = await read();
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(
      ['createdAt', 'disabled', 'email', 'emailVerified', 'id', 'lastLoginAt', 'mfaEnabled', 'name', 'roles'].sort(),
    );
    expect(body).toMatchObject({ email: 'ada@example.com', name: null, roles: [], disabled: false, mfaEnabled: false });
    expect(body.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    for (const time of [body.createdAt, body.lastLoginAt]) {
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
  });

  it('shows everyone their own', async () => {
    const admin = await service.api.signIn(ADMIN);
    expect((await read(admin.accessToken)).body).toMatchObject({ email: ADMIN.email, roles: ['admin'] });
  });

  it('changes the name, trimmed and composed, and answers with the user', async () => {
    const answer = await patch({ name: '  Ada Lovelace\u0301 ' });
    expect([answer.status, answer.body]).toMatchObject([200, { name: 'Ada Lovelac\u00e9', email: 'ada@example.com' }]);
    expect((await read()).body).toEqual(answer.body);
  });

  it('removes the name with null', async () => {
    await patch({ name: 'Ada' });
    expect((await patch({ name: null })).body).toMatchObject({ name: null });
  });

  it.each([{}, undefined])('leaves the name where the body says nothing of it: %p', async (json) => {
    await patch({ name: 'Left' });
    const answer = await patch(json);
    expect([answer.status, answer.body]).toMatchObject([200, { name: 'Left' }]);
  });

  it.each(['roles', 'disabled', 'email', 'emailVerified', 'id', 'ver', 'passwordHash', 'password', 'constructor'])(
    'refuses to change %s, and changes nothing else with it',
    async (field) => {
      await patch({ name: 'Before' });
      const answer = await patch({ name: 'After', [field]: ['admin'] });
      expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual([field]);
      expect((await read()).body).toMatchObject({ name: 'Before', roles: [], email: 'ada@example.com' });
    },
  );

  it.each([
    ['empty', ''],
    ['blank', ' \t'],
    ['101 characters long', 'x'.repeat(101)],
    ['of two lines', 'a\r\nb'],
    ['false', false],
    ['a list', ['Ada']],
  ])('refuses a name that is %s', async (_what, name) => {
    expect(fieldsOf(expectProblem(await patch({ name }), 400, 'validation_failed'))).toEqual(['name']);
  });

  it('keeps text that another system might run as it was written', async () => {
    const name = `<script>alert(1)</script>'; DROP TABLE users; --`;
    expect((await patch({ name })).body).toMatchObject({ name });
    expect((await read()).body).toMatchObject({ name });
  });

  it('is gone with its account, whose token then says so', async () => {
    const { accessToken } = await service.api.newUser('gone@example.com');
    await service.sql(`DELETE FROM users WHERE email = 'gone@example.com'`);
    expectProblem(await read(accessToken), 401, 'token_revoked');
    expectProblem(await patch({ name: 'Ghost' }, accessToken), 401, 'token_revoked');
  });

  it('never shows a password or its hash', async () => {
    const [user] = await service.sql<{ password_hash: string }>(
      `SELECT password_hash FROM users WHERE email = 'ada@example.com'`,
    );
    expect(user?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(answers.length).toBeGreaterThan(20);
    for (const { text } of answers) {
      expect(text).not.toContain(user?.password_hash);
      expect(text).not.toMatch(/argon2|"password_?hash":|credential|otters/i);
    }
  });
});
