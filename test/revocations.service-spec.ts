import type { EntityManager } from 'typeorm';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { Metrics } from '../src/observability/metrics.js';
import type { SigningKeys } from '../src/tokens/keys/signing-keys.js';
import { Denylist } from '../src/tokens/revocation/denylist.js';
import { RevocationFeed } from '../src/tokens/revocation/revocation-feed.js';
import { RevocationSignal } from '../src/tokens/revocation/revocation-signal.js';
import { Revocations } from '../src/tokens/revocation/revocations.js';
import { CommitUnknownError, RevocationUnknownError } from '../src/tokens/tokens.errors.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { TestClock } from './support/test-clock.js';

const NOW = new Date('2026-11-24T06:14:00Z');
const TOKEN = { tokenId: 't', sessionId: 's', userId: 'u', keyId: 'k', ver: 1, era: 1 };

class CountingSignal extends RevocationSignal {
  sent = 0;

  send(): void {
    this.sent += 1;
  }

  follow(): void {
    // Nobody sends.
  }
}

let database: TestDatabase;
let dataSource: DataSource;
let denylist: Denylist;
let signal: CountingSignal;
let revocations: Revocations;

beforeAll(async () => {
  database = await createTestDatabase();
  const options = dataSourceOptions({ url: database.url, purpose: 'requests', poolSize: 4 });
  dataSource = await new DataSource(options).initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  await dataSource.query('DELETE FROM revocations');
  denylist = new Denylist();
  signal = new CountingSignal();
  revocations = revocationsOver(dataSource);
});

function revocationsOver(source: DataSource): Revocations {
  const keys = { reload: () => Promise.resolve() } as unknown as SigningKeys;
  const feed = new RevocationFeed(source, denylist, keys, signal, new TestClock(), new Metrics());
  return new Revocations(source, denylist, signal, feed);
}
const revokeSession = (tx: EntityManager): Promise<void> =>
  revocations.append(tx, [{ kind: 'session', subject: 's' }], NOW);
const stored = (): Promise<unknown[]> =>
  dataSource.query('SELECT kind, subject, minimum, expires_at FROM revocations ORDER BY id');

describe('a revocation in a transaction', () => {
  it('is applied here before the caller is answered, and is told to the other instances', async () => {
    const result = await revocations.transaction(async (tx) => {
      await revokeSession(tx);
      return 'done';
    });
    expect(result).toBe('done');
    expect(denylist.refusal(TOKEN)).toBe('revoked');
    expect(signal.sent).toBe(1);
  });

  it('is not applied before it has committed', async () => {
    await revocations.transaction(async (tx) => {
      await revokeSession(tx);
      expect(denylist.refusal(TOKEN)).toBeUndefined();
      expect(signal.sent).toBe(0);
    });
  });

  it('is neither applied nor stored where the transaction rolls back, and the error is the one that was thrown', async () => {
    const error = new Error('changed my mind');
    const failing = revocations.transaction(async (tx) => {
      await revokeSession(tx);
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(denylist.size).toBe(0);
    expect(signal.sent).toBe(0);
    expect(await stored()).toEqual([]);
  });

  it('is stored with what it was appended with, longer than any access token can live', async () => {
    await revocations.transaction((tx) =>
      revocations.append(
        tx,
        [
          { kind: 'session', subject: 's' },
          { kind: 'user', subject: 'u', minimum: 2 },
          { kind: 'era', subject: '*', minimum: 3 },
        ],
        NOW,
      ),
    );
    const expires_at = new Date('2026-11-24T07:24:00Z');
    expect(await stored()).toEqual([
      { kind: 'session', subject: 's', minimum: null, expires_at },
      { kind: 'user', subject: 'u', minimum: 2, expires_at },
      { kind: 'era', subject: '*', minimum: 3, expires_at },
    ]);
    expect(denylist.size).toBe(3);
  });

  it('of nothing stores and tells nothing', async () => {
    await revocations.transaction((tx) => revocations.append(tx, [], NOW));
    expect([await stored(), denylist.size, signal.sent]).toEqual([[], 0, 0]);
  });

  it('is refused in a transaction that would not apply it', async () => {
    await expect(dataSource.transaction((tx) => revokeSession(tx))).rejects.toThrow('Revocations.transaction');
    expect(await stored()).toEqual([]);
  });

  it('keeps apart what two transactions at once append', async () => {
    const [kept] = await Promise.allSettled([
      revocations.transaction((tx) => revokeSession(tx)),
      revocations.transaction(async (tx) => {
        await revocations.append(tx, [{ kind: 'token', subject: 't' }], NOW);
        throw new Error('rolled back');
      }),
    ]);
    expect(kept.status).toBe('fulfilled');
    expect(denylist.size).toBe(1);
    expect(await stored()).toHaveLength(1);
  });
});

describe('what another instance has committed', () => {
  const commit = (): Promise<unknown> =>
    dataSource.query(
      `INSERT INTO revocations (kind, subject, expires_at) VALUES ('session', 's', now() + interval '1 h')`,
    );

  it('is refused here before a caller is answered who found it ended already', async () => {
    await commit();
    expect(denylist.refusal(TOKEN)).toBeUndefined();
    await revocations.applyCommitted();
    expect(denylist.refusal(TOKEN)).toBe('revoked');
  });

  it('also where a read is under way that began before', async () => {
    const query = dataSource.query.bind(dataSource);
    const spy = jest.spyOn(dataSource, 'query');
    const asked = new Promise<void>((resolve) => {
      spy.mockImplementationOnce(async (...question) => {
        const early: unknown = await query(...question);
        await commit();
        resolve(revocations.applyCommitted());
        return early;
      });
    });
    await revocations.applyCommitted();
    expect(denylist.refusal(TOKEN)).toBeUndefined();
    await asked;
    expect(denylist.refusal(TOKEN)).toBe('revoked');
    spy.mockRestore();
  });

  it('is not vouched for where it cannot be read', async () => {
    const away = new DataSource(dataSourceOptions({ url: database.url, purpose: 'requests', poolSize: 1 }));
    await expect(revocationsOver(away).applyCommitted()).rejects.toBeInstanceOf(RevocationUnknownError);
  });
});

describe('a connection that is lost', () => {
  it('while committing leaves the revocation applied here, since it may have been made', async () => {
    // Ends its own connection as the transaction commits: the client sees the connection go, and no answer.
    await dataSource.query(`
      CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`);
    await dataSource.query(`
      CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON revocations DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION end_connection()`);
    try {
      const committing = revocations.transaction((tx) => revokeSession(tx));
      await expect(committing).rejects.toBeInstanceOf(CommitUnknownError);
      await expect(committing).rejects.toMatchObject({ code: 'unavailable', options: { retryAfterSeconds: 1 } });
      expect(denylist.refusal(TOKEN)).toBe('revoked');
      expect(signal.sent).toBe(1);
    } finally {
      await dataSource.query('DROP TRIGGER at_commit ON revocations');
      await dataSource.query('DROP FUNCTION end_connection');
    }
  });

  it('after the commit was made, but before its answer came, leaves both', async () => {
    const committing = revocations.transaction(async (tx) => {
      await revokeSession(tx);
      const runner = tx.queryRunner;
      if (!runner) throw new Error('no query runner');
      const commit = runner.commitTransaction.bind(runner);
      jest.spyOn(runner, 'commitTransaction').mockImplementation(async () => {
        await commit();
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      });
    });
    await expect(committing).rejects.toBeInstanceOf(CommitUnknownError);
    expect(denylist.refusal(TOKEN)).toBe('revoked');
    expect(await stored()).toHaveLength(1);
  });

  it('before the commit leaves nothing, and the next transaction works', async () => {
    const lost = revocations.transaction(async (tx) => {
      await revokeSession(tx);
      const [own] = await tx.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      await onServer((query) => query('SELECT pg_terminate_backend($1)', [own?.pid]));
      await tx.query('SELECT 1');
    });
    await expect(lost).rejects.toThrow();
    expect([denylist.size, await stored()]).toEqual([0, []]);
    await revocations.transaction((tx) => revokeSession(tx));
    expect(denylist.refusal(TOKEN)).toBe('revoked');
  });
});
