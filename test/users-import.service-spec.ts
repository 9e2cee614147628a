import { Readable } from 'node:stream';
import { DataSource } from 'typeorm';
import type { AuditLog } from '../src/audit/audit-log.js';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { AccountImport, ImportStoppedError } from '../src/users/import/account-import.js';
import type { ImportOptions, ImportReport, ImportSummary } from '../src/users/import/account-import.js';
import { auditLogOn } from './support/audit.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { TestClock } from './support/test-clock.js';

const BCRYPT = '$2b$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W';
const OTHER_BCRYPT = '$2y$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5S';

let database: TestDatabase;
let dataSource: DataSource;
let audit: AuditLog;
let told: string[];

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = await open();
  audit = await auditLogOn(dataSource, database.url);
  told = [];
});
afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** As the command opens it. */
const open = (): Promise<DataSource> =>
  new DataSource(dataSourceOptions({ url: database.url, purpose: 'requests', poolSize: 1 })).initialize();

const report: ImportReport = {
  refused: (line, reason) => told.push(`${line}: ${reason}`),
  committed: (line) => told.push(`committed ${line}`),
};
const importOn = (source: DataSource): AccountImport => new AccountImport(source, audit, new TestClock(), report);

type Input = AsyncIterable<Uint8Array>;
const inputOf = (lines: readonly unknown[]): Input =>
  Readable.from(lines.map((line) => Buffer.from(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)));
const run = (input: Input, options: Partial<ImportOptions> = {}): Promise<Readonly<ImportSummary>> =>
  importOn(dataSource).run(input, { fromLine: 1, ...options });
const importing = (...lines: readonly unknown[]): Promise<Readonly<ImportSummary>> => run(inputOf(lines));

const account = (index: number): { email: string } => ({ email: `user${index}@example.com` });
const accounts = (count: number): { email: string }[] =>
  Array.from({ length: count }, (_, index) => account(index + 1));
const all = (): Promise<Record<string, unknown>[]> => dataSource.query('SELECT * FROM users ORDER BY email');
const count = async (): Promise<number> => {
  const [row] = await dataSource.query<{ n: number }[]>('SELECT count(*)::int AS n FROM users');
  return row?.n ?? -1;
};
const stopOf = async (running: Promise<unknown>): Promise<ImportStoppedError> => {
  const failed: unknown = await running.catch((error: unknown) => error);
  if (failed instanceof ImportStoppedError) return failed;
  throw new Error(`the import did not stop: ${String(failed)}`);
};

describe('an import', () => {
  it('creates enabled accounts with what the lines say', async () => {
    const summary = await importing(
      {
        email: 'Ann@Example.com',
        passwordHash: BCRYPT,
        name: ' Ann ',
        roles: ['admin', 'support'],
        emailVerified: true,
      },
      { email: 'bob@example.com' },
    );
    expect(summary).toEqual({ imported: 2, alreadyThere: 0, refused: 0 });
    expect(await all()).toMatchObject([
      {
        email: 'ann@example.com',
        password_hash: BCRYPT,
        name: 'Ann',
        roles: ['admin', 'support'],
        email_verified_at: expect.any(Date) as Date,
        disabled_at: null,
        ver: 1,
        credential_version: 1,
        last_login_at: null,
        registration_expires_at: null,
      },
      { email: 'bob@example.com', password_hash: null, name: null, roles: [], email_verified_at: null },
    ]);
  });

  it('reports each bad line by its number, takes the others, and repeats neither hash nor address', async () => {
    const summary = await importing(
      '\ufeff{"email":"ann@example.com"}\r',
      '',
      { email: 'canary@localhost', passwordHash: '$2b$09$canary' },
      '   ',
      { email: 'canary@example.com', shoeSize: 42 },
      'canary',
      'x'.repeat(17_000),
      { email: 'bob@example.com' },
    );
    expect(summary).toEqual({ imported: 2, alreadyThere: 0, refused: 4 });
    expect(told).toEqual([
      expect.stringMatching(/^3: email must be an e-mail address; passwordHash must be a bcrypt hash/),
      '5: shoeSize is no field of an account',
      '6: the line must be one JSON object',
      '7: the line must have at most 16384 bytes',
      'committed 8',
    ]);
    expect(told.join('\n')).not.toContain('canary');
    expect(await count()).toBe(2);
  });

  it('says of a last line that was cut off that it was', async () => {
    const cut = Readable.from([Buffer.from('{"email":"ann@example.com"}\n{"email":"bob@exam')]);
    expect(await run(cut)).toEqual({ imported: 1, alreadyThere: 0, refused: 1 });
    expect(told).toContain('2: the input ends in the middle of the line');
  });

  it('takes a last line without a line break', async () => {
    expect(await run(Readable.from([Buffer.from('{"email":"ann@example.com"}')]))).toMatchObject({ imported: 1 });
  });

  it('never changes an account that is there already, from before or from an earlier line', async () => {
    await importing({ email: 'ann@example.com', passwordHash: BCRYPT, name: 'Ann' });
    const [before] = await all();
    const lines = [
      { email: 'ANN@example.com', passwordHash: OTHER_BCRYPT, name: 'Eve', roles: ['admin'], emailVerified: true },
      { email: 'bob@example.com', name: 'Bob' },
      ...accounts(1_500),
      { email: 'Bob@example.com', passwordHash: OTHER_BCRYPT, name: 'Eve' },
      { email: 'user7@example.com', name: 'Eve' },
      { email: 'user1500@example.com', name: 'Eve' },
    ];
    expect(await importing(...lines)).toEqual({ imported: 1_501, alreadyThere: 4, refused: 0 });
    expect((await all()).filter(({ name }) => name !== null)).toMatchObject([
      before,
      { email: 'bob@example.com', name: 'Bob', password_hash: null },
    ]);
  });

  it('may be run again from the start', async () => {
    const lines = [...accounts(1_200), 'bad'];
    expect(await importing(...lines)).toEqual({ imported: 1_200, alreadyThere: 0, refused: 1 });
    const before = await all();
    expect(await importing(...lines)).toEqual({ imported: 0, alreadyThere: 1_200, refused: 1 });
    expect(await all()).toEqual(before);
  });

  it('commits a thousand at a time, and says up to which line', async () => {
    await importing('', ...accounts(1_500), 'bad', '', ...accounts(2_100).slice(1_500));
    expect(told.filter((line) => line.startsWith('committed'))).toEqual([
      'committed 1001',
      'committed 2003',
      'committed 2103',
    ]);
  });

  it('holds no more than a batch of fifty thousand lines, however fast they come', async () => {
    const LINES = 50_000;
    let [made, committed, furthestAhead] = [0, 0, 0];
    function* lines(): Generator<Buffer> {
      while (made < LINES) {
        made += 1;
        furthestAhead = Math.max(furthestAhead, made - committed);
        yield Buffer.from(`${JSON.stringify({ ...account(made), passwordHash: BCRYPT })}\n`);
      }
    }
    const counting = { ...report, committed: (line: number) => (committed = line) };
    const importer = new AccountImport(dataSource, audit, new TestClock(), counting);
    const summary = await importer.run(Readable.from(lines()), { fromLine: 1 });
    expect(summary).toEqual({ imported: LINES, alreadyThere: 0, refused: 0 });
    expect(await count()).toBe(LINES);
    expect(furthestAhead).toBeLessThan(1_100);
  });

  it('ends where it cannot read on, and says from where to go on', async () => {
    const lines = accounts(2_500).map((line) => Buffer.from(`${JSON.stringify(line)}\n`));
    async function* broken(): AsyncGenerator<Buffer> {
      for (const line of lines.slice(0, 2_300)) yield await Promise.resolve(line);
      throw new Error('the disk has gone');
    }
    const { nextLine, cause } = await stopOf(run(broken()));
    expect([nextLine, String(cause), await count()]).toEqual([2_001, 'Error: the disk has gone', 2_000]);
    expect(await run(Readable.from(lines), { fromLine: nextLine })).toEqual({
      imported: 500,
      alreadyThere: 0,
      refused: 0,
    });
  });

  it('ends where the database fails, with all that it had committed', async () => {
    async function* untilTheTableGoes(): AsyncGenerator<Uint8Array> {
      yield* inputOf(accounts(1_300));
      await onServer((query) => query('ALTER TABLE users RENAME TO moved'), database.url);
      yield* inputOf(accounts(2_500).slice(1_300));
    }
    const { nextLine } = await stopOf(run(untilTheTableGoes()));
    await onServer((query) => query('ALTER TABLE moved RENAME TO users'), database.url);
    expect([nextLine, await count()]).toEqual([1_001, 1_000]);
    expect(await run(inputOf(accounts(2_500)), { fromLine: nextLine })).toMatchObject({ imported: 1_500 });
  });

  it('ends between two commits when it is told to, also while it waits for input', async () => {
    const stopping = new AbortController();
    const input = new Readable({ read: () => undefined, signal: stopping.signal });
    const stopped = stopOf(run(input, { signal: stopping.signal }));
    input.push(
      accounts(1_200)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
    await eventually(() => {
      expect(told).toEqual(['committed 1000']);
    });
    stopping.abort();
    expect((await stopped).nextLine).toBe(1_001);
    expect(await count()).toBe(1_000);
  });

  it('looks at no more lines once it is told to stop', async () => {
    const stopping = new AbortController();
    async function* lines(): AsyncGenerator<Uint8Array> {
      yield* inputOf(accounts(1_000));
      stopping.abort();
      yield* inputOf(accounts(5_000).slice(1_000));
    }
    expect((await stopOf(run(lines(), { signal: stopping.signal }))).nextLine).toBe(1_001);
    expect(await count()).toBe(1_000);
  });

  it('creates each account once where several run at the same time, in any order of their lines', async () => {
    const [holder, ...sources] = [await open(), await open(), await open(), await open(), await open()];
    const held = holder.createQueryRunner();
    try {
      // One commit each; all of them come as far as the middle, and meet there.
      const lines = accounts(1_000);
      const orders = [lines, [...lines].reverse(), lines, [...lines].reverse()];
      await held.startTransaction();
      await held.query(
        `INSERT INTO users (id, email, created_at) VALUES (gen_random_uuid(), 'user500@example.com', now())`,
      );
      const running = sources.map((source, index) =>
        importOn(source).run(inputOf(orders[index] ?? []), { fromLine: 1 }),
      );
      await eventually(async () => {
        const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        expect(await onServer((query) => query(waiting), database.url)).toHaveLength(4);
      });
      await held.rollbackTransaction();
      const summaries = await Promise.all(running);
      expect(summaries.reduce((sum, { imported }) => sum + imported, 0)).toBe(1_000);
      expect(summaries.every(({ imported, alreadyThere }) => imported + alreadyThere === 1_000)).toBe(true);
      expect(await count()).toBe(1_000);
    } finally {
      await held.release();
      await Promise.all([holder, ...sources].map((source) => source.destroy()));
    }
  });

  it('leaves an event of each commit, and one of each new admin, without any address', async () => {
    const admins = [
      { email: 'ann@example.com', roles: ['admin'] },
      { email: 'bob@example.com', roles: ['administrator'] },
    ];
    await importing(...admins, ...accounts(1_500));
    await importing(...admins);
    const events = await dataSource.query<Record<string, unknown>[]>(
      `SELECT type, user_id, outcome, details FROM audit_events ORDER BY type, (details->>'accounts')::int`,
    );
    const [ann] = await all();
    expect(events).toEqual([
      { type: 'user_created', user_id: ann?.id, outcome: 'success', details: { role: 'admin', by: 'import' } },
      { type: 'users_imported', user_id: null, outcome: 'success', details: { accounts: 502 } },
      { type: 'users_imported', user_id: null, outcome: 'success', details: { accounts: 1_000 } },
    ]);
  });
});
