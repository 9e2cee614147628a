import { DataSource } from 'typeorm';
import { addSeconds } from '../src/shared/clock.js';
import { newUserId } from '../src/shared/ids.js';
import type { UserId } from '../src/shared/ids.js';
import { LINK_LIFE_SECONDS } from '../src/shared/link-lives.js';
import type { LinkPurpose } from '../src/shared/link-lives.js';
import { ActionLinks } from '../src/users/action-links.js';
import type { ActionLink, LinkOwner, NewLink } from '../src/users/action-links.js';
import { requireEmail } from '../src/users/email-address.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { heldOpen } from './support/database-locks.js';

const NOW = new Date('2026-11-24T06:14:00Z');
const ANN = requireEmail('ann@example.com');
const NEW = requireEmail('lovelace@example.com');
const PURPOSES = Object.keys(LINK_LIFE_SECONDS) as LinkPurpose[];

let database: TestDatabase;
let dataSource: DataSource;
let links: ActionLinks;
let ann: UserId;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  links = new ActionLinks(dataSource);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  await dataSource.query('DELETE FROM users');
  ann = await newAccount(ANN);
});

const newAccount = async (email: string): Promise<UserId> => {
  const id = newUserId();
  await dataSource.query('INSERT INTO users (id, email, created_at) VALUES ($1, $2, $3)', [id, email, NOW]);
  return id;
};
const change = (columns: string): Promise<unknown> => dataSource.query(`UPDATE users SET ${columns}`);
const make = async (changes: Partial<NewLink> = {}, now = NOW): Promise<string> => {
  const asked = { userId: ann, purpose: 'password_reset', email: ANN, credentialVersion: 1, askedAt: NOW } as const;
  return (await links.create({ ...asked, ...changes }, now)) ?? '';
};
const find = (token: string, now = NOW, purposes = PURPOSES): Promise<ActionLink | undefined> =>
  links.find(token, purposes, now);
const use = async (token: string, now = NOW, found?: ActionLink): Promise<LinkOwner | undefined> => {
  const link = found ?? (await find(token));
  if (!link) throw new Error('there is no such link');
  return dataSource.transaction((tx) => links.use(tx, link, token, now));
};
const count = async (): Promise<number> => (await dataSource.query<unknown[]>('SELECT 1 FROM action_links')).length;

describe('the token of a mailed link', () => {
  it('is 256 random bits behind a prefix, and another each time', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, at) => make({ askedAt: addSeconds(NOW, at) })));
    for (const token of tokens.filter((each) => each !== '')) expect(token).toMatch(/^al_[A-Za-z0-9_-]{43}$/);
    expect(new Set(tokens).size).toBeGreaterThan(1);
  });

  it('is kept as its SHA-256 alone', async () => {
    const token = await make();
    const [{ whole } = { whole: '' }] = await dataSource.query<{ whole: string }[]>(
      'SELECT l::text AS whole FROM action_links l',
    );
    expect(whole).toMatch(/\\x[0-9a-f]{64}/);
    expect(whole).not.toContain(token.slice(3));
    expect(whole).not.toContain(Buffer.from(token.slice(3), 'base64url').toString('hex'));
  });

  it('names whose it is, for what, and the address that it was mailed to', async () => {
    const token = await make({ purpose: 'email_change', email: NEW });
    expect(await find(token)).toEqual({ userId: ann, purpose: 'email_change', email: NEW });
  });

  it('is nothing for another purpose', async () => {
    const token = await make();
    expect(await find(token, NOW, ['verify_email', 'email_change', 'invitation'])).toBeUndefined();
    expect(await find(token, NOW, ['password_reset'])).toBeDefined();
  });

  it.each([
    '',
    'al_',
    `al_${'A'.repeat(42)}`,
    `al_${'A'.repeat(44)}`,
    `AL_${'A'.repeat(43)}`,
    `al_${'A'.repeat(43)}\n`,
  ])('whose form is wrong never reaches the database: %j', async (token) => {
    const query = jest.spyOn(dataSource, 'query');
    try {
      expect(await find(token)).toBeUndefined();
      expect(query).not.toHaveBeenCalled();
      await find(`al_${'A'.repeat(43)}`);
      expect(query).toHaveBeenCalled();
    } finally {
      query.mockRestore();
    }
  });

  it.each(PURPOSES)('of %s ends to the millisecond', async (purpose) => {
    const token = await make({ purpose });
    const found = await find(token);
    const end = addSeconds(NOW, LINK_LIFE_SECONDS[purpose]);
    expect(await find(token, addSeconds(end, -0.001))).toBeDefined();
    expect(await find(token, end)).toBeUndefined();
    expect(await use(token, end, found)).toBeUndefined();
    expect(await use(token, addSeconds(end, -0.001), found)).toBeDefined();
  });

  it('lives from when it is made, however late that is', async () => {
    const late = addSeconds(NOW, 3_600);
    const token = await make({}, late);
    expect(await find(token, addSeconds(late, LINK_LIFE_SECONDS.password_reset - 1))).toBeDefined();
  });
});

describe('using a link', () => {
  it('works once, and of any number at the same moment for one', async () => {
    const token = await make();
    const found = await find(token);
    const uses = await Promise.all(Array.from({ length: 8 }, () => use(token, NOW, found)));
    expect(uses.filter((owner) => owner !== undefined)).toEqual([{ email: ANN, verified: false }]);
    expect(await find(token)).toBeUndefined();
  });

  it('is undone with the transaction', async () => {
    const token = await make();
    const link = await find(token);
    const undone = dataSource.transaction(async (tx) => {
      expect(link && (await links.use(tx, link, token, NOW))).toBeDefined();
      throw new Error('something else failed');
    });
    await expect(undone).rejects.toThrow('something else');
    expect(await use(token)).toBeDefined();
  });

  it('does not work for a disabled account, and does again once it is enabled', async () => {
    const token = await make();
    await change('disabled_at = now()');
    expect(await use(token)).toBeUndefined();
    await change('disabled_at = NULL');
    expect(await use(token)).toBeDefined();
  });

  it('shows nothing of an address that the account does not have any more', async () => {
    const reset = await make();
    const verify = await make({ purpose: 'verify_email' });
    const moving = await make({ purpose: 'email_change', email: NEW });
    await change(`email = 'moved@example.com'`);
    expect(await use(reset)).toBeUndefined();
    expect(await use(verify)).toBeUndefined();
    expect(await use(moving)).toEqual({ email: 'moved@example.com', verified: false });
  });
});

describe('a newer link', () => {
  it('ends the older one of its purpose and user, and no other', async () => {
    const bob = await newAccount('bob@example.com');
    const older = await make();
    const [other, anothers] = [await make({ purpose: 'verify_email' }), await make({ userId: bob })];
    const newer = await make({ askedAt: addSeconds(NOW, 1) });
    expect(await find(older)).toBeUndefined();
    for (const token of [newer, other, anothers]) expect(await find(token)).toBeDefined();
  });

  it('is not ended by one that was asked for before it, but whose mail was late', async () => {
    const newer = await make({ purpose: 'email_change', email: NEW, askedAt: addSeconds(NOW, 60) });
    expect(await make({ purpose: 'email_change', email: requireEmail('old@example.com') })).toBe('');
    expect(await find(newer)).toMatchObject({ email: NEW });
  });

  it('is made for the same request again, where its mail is tried again', async () => {
    const first = await make();
    const again = await make({}, addSeconds(NOW, 300));
    expect(await find(first)).toBeUndefined();
    expect(await find(again)).toBeDefined();
  });
});

describe('no link is made', () => {
  it.each([
    ['whose credential has changed since it was read', 'credential_version = 2'],
    ['that has been disabled', 'disabled_at = now()'],
  ])('for an account %s', async (_what, columns) => {
    await change(columns);
    expect(await make()).toBe('');
    expect(await count()).toBe(0);
  });

  it('for an account that is gone', async () => {
    await dataSource.query('DELETE FROM users');
    expect(await make()).toBe('');
  });

  it('beside a change of the credential that is under way: it waits for its outcome', async () => {
    const sql = async <Row>(text: string): Promise<Row[]> => dataSource.query<Row[]>(text);
    const statement = ['UPDATE users SET credential_version = 2, email = $1', [NEW]] as const;
    const made = await heldOpen({ database, sql }, [statement[0], [...statement[1]]], () => make());
    expect(made).toBe('');
    expect(await count()).toBe(0);
  });
});
