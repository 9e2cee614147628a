import fc from 'fast-check';
import { newUserId } from '../src/shared/ids.js';
import { normaliseName } from '../src/users/account-name.js';
import type { Answer, Problem } from './support/api.js';
import './support/property-tests.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const NOBODY = '0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2';

interface Listed {
  readonly items: readonly { readonly id: string; readonly email: string; readonly name: string | null }[];
  readonly nextCursor: string | null;
}

interface Stored {
  readonly email: string;
  readonly name?: string | null;
  readonly roles?: readonly string[];
  readonly verified?: boolean;
  readonly disabled?: boolean;
}

let service: TestApp;
let admin: string;

beforeAll(async () => {
  service = await startTestApp();
});
beforeEach(async () => {
  await service.sql('DELETE FROM users WHERE email <> $1', [ADMIN.email]);
  admin = (await service.api.signIn(ADMIN)).accessToken;
});
afterAll(() => service.close());

const store = async ({
  email,
  name = null,
  roles = [],
  verified = true,
  disabled = false,
}: Stored): Promise<string> => {
  const [id, now] = [newUserId(), service.clock.now()];
  await service.sql(
    `INSERT INTO users (id, email, name, roles, email_verified_at, disabled_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [id, email, name, roles, verified ? now : null, disabled ? now : null, now],
  );
  return id;
};
const list = (query: Readonly<Record<string, string>> = {}): Promise<Answer<Listed & Problem>> =>
  service.api.get(`/api/admin/users?${new URLSearchParams(query).toString()}`, admin);
const found = async (query: Readonly<Record<string, string>>): Promise<string[]> => {
  const answer = await list(query);
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([200, expect.any(String)]);
  return answer.body.items.map(({ email }) => email);
};
/** Every page, from the first on. */
const pages = async (
  query: Readonly<Record<string, string>>,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<string[][]> => {
  const all: string[][] = [];
  for (let cursor: string | null | undefined; cursor !== null; await between()) {
    const { status, body } = await list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    expect(status).toBe(200);
    all.push(body.items.map(({ email }) => email));
    cursor = body.nextCursor;
  }
  return all;
};

describe('the list of users', () => {
  it('has every account whole, newest first, and nothing of its secrets', async () => {
    await store({ email: 'ada@example.com', name: 'Ada', roles: ['support'], verified: false, disabled: true });
    const { status, body, text } = await list();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      items: [
        {
          ...{ email: 'ada@example.com', name: 'Ada', roles: ['support'], emailVerified: false, disabled: true },
          ...{ mfaEnabled: false, lastLoginAt: null },
        },
        { email: ADMIN.email, roles: ['admin'], emailVerified: true, disabled: false },
      ],
      nextCursor: null,
    });
    expect(Object.keys(body.items[0] ?? {}).sort()).toEqual(
      'createdAt disabled email emailVerified id lastLoginAt mfaEnabled name roles'.split(' '),
    );
    expect(text).not.toMatch(/argon2|hash|version/i);
  });

  it('is read page by page, twenty at a time unless told otherwise', async () => {
    for (let count = 1; count <= 21; count += 1) await store({ email: `user${count}@example.com` });
    expect((await pages({})).map((page) => page.length)).toEqual([20, 2]);
    expect((await pages({ limit: '11' })).map((page) => page.length)).toEqual([11, 11]);
    expect((await pages({ limit: '100' })).flat()).toEqual([
      ...Array.from({ length: 21 }, (_, at) => `user${21 - at}@example.com`),
      ADMIN.email,
    ]);
  });

  it('repeats and omits nobody while accounts come and go', async () => {
    const before: string[] = [];
    for (let count = 1; count <= 10; count += 1) {
      before.unshift(`user${count}@example.com`);
      await store({ email: `user${count}@example.com` });
    }
    let added = 0;
    const seen = await pages({ limit: '3', role: 'x' }, () => store({ email: `none${++added}@example.com` }));
    expect(seen).toEqual([[]]);
    const all = await pages({ limit: '3' }, async () => {
      await store({ email: `added${++added}@example.com` });
      await service.sql(`DELETE FROM users WHERE email LIKE 'added%' OR email LIKE 'none%'`);
      await store({ email: `added${++added}@example.com` });
    });
    expect(all.flat().filter((email) => email.startsWith('user'))).toEqual(before);
    expect(all.flat()).toHaveLength(new Set(all.flat()).size);
    expect(all.slice(1).flat()).not.toContainEqual(expect.stringMatching(/^added/));
  });

  it('goes on for the same filters alone: a cursor that was altered, cut, made up or is of another list is refused', async () => {
    for (const name of ['Ada One', 'Ada Two', 'Ada Three']) {
      await store({ email: `${name.slice(4).toLowerCase()}@example.com`, name, roles: ['support'] });
    }
    const filters = { search: 'ada', status: 'active', role: 'support', limit: '1' };
    const cursor = (await list(filters)).body.nextCursor ?? '';
    expect((await list({ ...filters, cursor })).body.items).toMatchObject([{ name: 'Ada Two' }]);
    expect((await list({ ...filters, limit: '2', cursor })).status).toBe(200);

    for (const name of ['one', 'two']) await service.api.post('/api/admin/clients', { name }, admin);
    await service.api.signIn(ADMIN);
    const foreign = await Promise.all(
      ['/api/admin/clients?limit=1', '/api/me/sessions?limit=1'].map(
        async (path) => (await service.api.get<Listed>(path, admin)).body.nextCursor ?? 'none',
      ),
    );
    const middle = Math.floor(cursor.length / 2);
    const altered = cursor.slice(0, middle) + (cursor[middle] === 'A' ? 'B' : 'A') + cursor.slice(middle + 1);
    const own = Buffer.from(JSON.stringify([NOBODY])).toString('base64url');
    const bad = [altered, cursor.slice(0, -1), `${cursor}A`, own, '', 'x'.repeat(513), `${cursor}=`, ...foreign];
    for (const each of bad) {
      const problem = expectProblem(await list({ ...filters, cursor: each }), 400, 'validation_failed');
      expect(fieldsOf(problem)).toEqual(['cursor']);
    }
    const others = [{ search: 'ad' }, { status: 'disabled' }, { role: 'admin' }];
    for (const other of others) {
      expectProblem(await list({ ...filters, ...other, cursor }), 400, 'validation_failed');
    }
    expectProblem(await list({ limit: '1', cursor }), 400, 'validation_failed');
  });

  it('is filtered by status, each account having one, and by role', async () => {
    await store({ email: 'active@example.com', roles: ['support'] });
    await store({ email: 'unverified@example.com', verified: false, roles: ['support', 'sales'] });
    await store({ email: 'disabled@example.com', disabled: true, roles: ['support'] });
    await store({ email: 'both@example.com', verified: false, disabled: true, roles: ['supporter'] });
    expect(await found({ status: 'active' })).toEqual(['active@example.com', ADMIN.email]);
    expect(await found({ status: 'unverified' })).toEqual(['unverified@example.com']);
    expect(await found({ status: 'disabled' })).toEqual(['both@example.com', 'disabled@example.com']);
    expect(await found({ role: 'support' })).toEqual([
      'disabled@example.com',
      'unverified@example.com',
      'active@example.com',
    ]);
    expect(await found({ role: 'admin' })).toEqual([ADMIN.email]);
    expect(await found({ role: 'support', status: 'unverified' })).toEqual(['unverified@example.com']);
    expect(await found({ role: 'support', status: 'disabled', search: 'dis' })).toEqual(['disabled@example.com']);
    expect(await found({ role: 'sales', status: 'disabled' })).toEqual([]);
  });

  it.each([
    [{ status: 'Active' }, ['status']],
    [{ status: '' }, ['status']],
    [{ role: 'Admin' }, ['role']],
    [{ role: `'` }, ['role']],
    [{ role: '' }, ['role']],
    [{ email: 'a@example.com' }, ['email']],
    [{ limit: '0' }, ['limit']],
    [{ limit: '101', search: ' ' }, ['limit', 'search']],
  ])('refuses %j', async (query, fields) => {
    expect(fieldsOf(expectProblem(await list(query), 400, 'validation_failed'))).toEqual(fields);
  });
});

describe('a search for users', () => {
  const [ada, elodie, zuse] = ['ada.lovelace+x@example.com', 'elodie@mueller.example.org', 'zuse@example.com'] as const;

  it('finds the beginnings of words in address and name, whatever their case and order', async () => {
    await store({ email: ada, name: 'Ada Lovelace' });
    await store({ email: elodie, name: 'Élodie O’Brien-Müller 3rd' });
    await store({ email: zuse, name: null });
    await store({ email: 'user@xn--bcher-kva.example', name: '山田　太郎' });
    const searches: readonly [string, readonly string[]][] = [
      ['ada', [ada]],
      ['ADA', [ada]],
      ['lovelace ada', [ada]],
      ['love ad', [ada]],
      ['ada@exam', [ada]],
      ['ada.lovelace+x@example.com', [ada]],
      ['x@example.c', [ada]],
      ['élodie', [elodie]],
      ['ÉLODIE', [elodie]],
      ['E\u0301lodie', [elodie]],
      ["o'brien", [elodie]],
      ['o’brien MÜLLER', [elodie]],
      ['3', [elodie]],
      ['mueller.example.org', [elodie]],
      ['example.com', [zuse, ada, ADMIN.email]],
      ['example', ['user@xn--bcher-kva.example', zuse, elodie, ada, ADMIN.email]],
      ['User@Bücher.Example', ['user@xn--bcher-kva.example']],
      ['山', ['user@xn--bcher-kva.example']],
      ['太郎 山田', ['user@xn--bcher-kva.example']],
      ['da', []],
      ['ada zuse', []],
      ['adalovelace', []],
      ['lovelaces', []],
    ];
    for (const [search, emails] of searches) {
      expect({ search, emails: await found({ search }) }).toEqual({ search, emails });
    }
  });

  it('follows the account as it is now', async () => {
    const id = await store({ email: ada, name: 'Ada' });
    await service.api.send('PATCH', `/api/admin/users/${id}`, { json: { name: 'Grace' }, token: admin });
    expect(await found({ search: 'grace' })).toEqual([ada]);
    await service.api.send('PATCH', `/api/admin/users/${id}`, { json: { name: null }, token: admin });
    expect(await found({ search: 'grace' })).toEqual([]);
    expect(await found({ search: 'ada' })).toEqual([ada]);
  });

  it('takes what means something to a query for what it is: punctuation', async () => {
    await store({ email: ada, name: 'Ada Lovelace' });
    const [both, none]: [string[], string[]] = [[ada], []];
    const searches: readonly [string, string[]][] = [
      [`ada' | 'zuse`, none],
      [`ada:* & !lovelace`, both],
      [`!ada`, both],
      ['ada <-> lovelace', both],
      ['ada:B', none],
      [`ada\\' lovelace`, both],
      [`'ada'`, both],
      [`%ada%`, both],
      ['l_v', none],
      [`'); DROP TABLE users; --`, none],
      ['🙂', none],
      ['ada 🙂', none],
    ];
    for (const [search, emails] of searches) {
      expect({ search, emails: await found({ search }) }).toEqual({ search, emails });
    }
  });

  it.each([
    ...['%', `'`, `''`, ':*', '&|!()', '\\', '"', '<->', '.', '@', '’', '—', '\u3000', '', '   '],
    ...['ada\0', '\0', 'ada\nlovelace', 'ada\u202e', 'x'.repeat(257), '🙂'.repeat(257), 'x '.repeat(300)],
    Array.from({ length: 17 }, (_, at) => `w${at}`).join(' '),
  ])('has to have a word, one line and a bound: %j', async (search) => {
    expect(fieldsOf(expectProblem(await list({ search }), 400, 'validation_failed'))).toEqual(['search']);
  });

  it('is refused unread where it is longer than any request', async () => {
    expectProblem(await list({ search: 'x'.repeat(10_000) }), 431, 'headers_too_large');
    const twice = await service.api.get<Problem>('/api/admin/users?search=a&search=b', admin);
    expect(fieldsOf(expectProblem(twice, 400, 'validation_failed'))).toEqual(['search']);
    expect((await service.api.get('/api/admin/users?search=%ED%A0%80', admin)).status).toBeLessThan(500);
  });

  it('finds whoever has the very name that is searched for, or says that there is no word in it', async () => {
    const names = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    let users = 0;
    await fc.assert(
      fc.asyncProperty(names, async (text) => {
        const name = normaliseName(text);
        if (name !== undefined) await store({ email: `named${++users}@example.com`, name });
        const { status, body } = await list({ search: text });
        expect([200, 400]).toContain(status);
        if (status === 200) expect(body.items[0]).toMatchObject({ email: `named${users}@example.com` });
      }),
      { numRuns: 150 },
    );
  });
});

describe('one user', () => {
  it('is read by an admin as by its owner', async () => {
    const { accessToken } = await service.api.newUser('ada@example.com');
    const me = (await service.api.get<{ id: string }>('/api/me', accessToken)).body;
    const answer = await service.api.get(`/api/admin/users/${me.id}`, admin);
    expect([answer.status, answer.body]).toEqual([200, me]);
  });

  it.each([NOBODY, 'x', NOBODY.toUpperCase(), '%00', `${NOBODY}'`])(
    'is not found where there is none: %s',
    async (id) => {
      expectProblem(await service.api.get(`/api/admin/users/${id}`, admin), 404, 'not_found');
    },
  );
});

it('is nobody else’s business', async () => {
  const { accessToken } = await service.api.newUser('ada@example.com');
  const { id } = (await service.api.get<{ id: string }>('/api/me', accessToken)).body;
  const routes = [
    ['GET', '/api/admin/users'],
    ['GET', `/api/admin/users/${id}`],
    ['PATCH', `/api/admin/users/${id}`],
    ['DELETE', `/api/admin/users/${id}`],
  ] as const;
  for (const [method, path] of routes) {
    const json = method === 'PATCH' ? { json: { roles: ['admin'] } } : {};
    expectProblem(await service.api.send(method, path, json), 401, 'token_missing');
    expectProblem(await service.api.send(method, path, { ...json, token: accessToken }), 403, 'forbidden');
  }
  expect((await service.api.get('/api/me', accessToken)).body).toMatchObject({ roles: [] });
});
