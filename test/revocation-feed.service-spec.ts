import { DataSource } from 'typeorm';
import { newSessionId } from '../src/shared/ids.js';
import { Denylist } from '../src/tokens/revocation/denylist.js';
import { FeedCursor } from '../src/tokens/revocation/feed-cursor.js';
import { RevocationFeed } from '../src/tokens/revocation/revocation-feed.js';
import { RevocationUnknownError } from '../src/tokens/tokens.errors.js';
import type { Problem, Tokens } from './support/api.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { proxyTo } from './support/tcp-proxy.js';
import type { TcpProxy } from './support/tcp-proxy.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const APPEND = `INSERT INTO revocations (kind, subject, expires_at) VALUES ('session', $1, now() + interval '70 min')`;

let database: TestDatabase;
let wire: TcpProxy;
let service: TestApp;
let feed: RevocationFeed;
let denylist: Denylist;
let tokens: Tokens;

beforeAll(async () => {
  database = await createTestDatabase();
  wire = await proxyTo(database.url);
  service = await startTestApp({ database: { url: wire.url, drop: () => database.drop() } });
  feed = service.app.get(RevocationFeed, { strict: false });
  denylist = service.app.get(Denylist, { strict: false });
  tokens = await service.api.signIn(ADMIN);
});
afterAll(async () => {
  await service.close();
  await wire.close();
  await database.drop();
});

/** Past the service, as another instance would. */
const append = (session: string): Promise<unknown> => onServer((query) => query(APPEND, [session]), database.url);
const isRevoked = (session: string): boolean =>
  denylist.refusal({ tokenId: 't', sessionId: session, userId: 'u', keyId: 'k', ver: 9, era: 9 }) === 'revoked';
const guarded = async (): Promise<[number, string | undefined]> => {
  const { status, body } = await service.api.get<Problem>('/api/protected', tokens.accessToken);
  return [status, body.code];
};
/** The reads of the feed from now on, by the statement that only it has. */
function countReads(): { readonly count: () => number; readonly stop: () => void } {
  const query = jest.spyOn(service.app.get(DataSource), 'query');
  return {
    count: () => query.mock.calls.filter(([text]) => text.includes('pg_snapshot_xmin')).length,
    stop: () => {
      query.mockRestore();
    },
  };
}

describe('the revocation feed', () => {
  it('applies what another instance committed', async () => {
    const session = newSessionId();
    await append(session);
    await feed.read();
    expect(isRevoked(session)).toBe(true);
  });

  it('does not miss a revocation that commits late, by a transaction held open across reads', async () => {
    const late = newSessionId();
    await onServer(async (query) => {
      await query('BEGIN');
      await query(APPEND, [late]);
      for (let round = 0; round < 3; round += 1) {
        const other = newSessionId();
        await append(other);
        await feed.read();
        expect([isRevoked(other), isRevoked(late)]).toEqual([true, false]);
      }
      await query('COMMIT');
    }, database.url);
    await feed.read();
    expect(isRevoked(late)).toBe(true);
  });

  it('is not harmed by reading the same rows again while an old transaction is open', async () => {
    await onServer(async (query) => {
      await query('BEGIN');
      await query('SELECT pg_current_xact_id()');
      const session = newSessionId();
      await append(session);
      await feed.read();
      const size = denylist.size;
      for (let round = 0; round < 3; round += 1) await feed.read();
      expect(denylist.size).toBe(size);
      expect(isRevoked(session)).toBe(true);
      await query('ROLLBACK');
    }, database.url);
  });

  it('leaves out what can refuse nothing any more', async () => {
    const session = newSessionId();
    await onServer((query) => query(APPEND.replace("interval '70 min'", "interval '-1 s'"), [session]), database.url);
    await feed.read();
    expect(isRevoked(session)).toBe(false);
  });

  it('reads everything again after a read that failed: the next server may give old transaction ids out again', async () => {
    await feed.read();
    const session = newSessionId();
    const rewound = `INSERT INTO revocations (kind, subject, expires_at, xid) VALUES ('session', $1, now() + interval '70 min', '3')`;
    await onServer((query) => query(rewound, [session]), database.url);
    await feed.read();
    expect(isRevoked(session)).toBe(false);
    await wire.cut();
    await expect(feed.read()).rejects.toThrow();
    await wire.mend();
    await eventually(() => feed.read());
    expect(isRevoked(session)).toBe(true);
  });

  it('reads everything again where the transaction ids went back', async () => {
    const session = newSessionId();
    const rewound = `INSERT INTO revocations (kind, subject, expires_at, xid) VALUES ('session', $1, now() + interval '70 min', '3')`;
    await onServer((query) => query(rewound, [session]), database.url);
    const cursor = new FeedCursor(service.app.get(DataSource));
    cursor.pass({ ...(await cursor.next(5_000)), position: '9000000000000000000' });
    const { found, position } = await cursor.next(5_000);
    expect(found.map(({ subject }) => subject)).toContain(session);
    expect(BigInt(position)).toBeLessThan(BigInt('9000000000000000000'));
  });
});

describe('an instance that has not heard of revocations for five seconds', () => {
  it('reads them before it lets a token in: one that was revoked meanwhile is refused on the first request', async () => {
    const ended = await service.api.signIn(ADMIN);
    // In this order: a poll in between would make the instance current before there is anything to know.
    await append(ended.sessionId);
    service.clock.advance(6);
    const answer = await service.api.get<Problem>('/api/protected', ended.accessToken);
    expect([answer.status, answer.body.code]).toEqual([401, 'token_revoked']);
  });

  it('catches up in one read that all requests share', async () => {
    const reads = countReads();
    try {
      service.clock.advance(6);
      const asked = Array.from({ length: 50 }, () => feed.assertCurrent());
      expect(reads.count()).toBeLessThanOrEqual(1);
      await Promise.all(asked);
      expect(reads.count()).toBeLessThanOrEqual(2);
    } finally {
      reads.stop();
    }
  });

  it('asks no database at all while it is current', async () => {
    await feed.read();
    const reads = countReads();
    try {
      for (let round = 0; round < 100; round += 1) await feed.assertCurrent();
      expect(reads.count()).toBe(0);
    } finally {
      reads.stop();
    }
  });

  it('answers 503 revocation_unknown while Postgres is away, and goes on once it is back', async () => {
    expect(await guarded()).toEqual([200, undefined]);
    await wire.cut();
    // What it knows is good for five seconds.
    expect(await guarded()).toEqual([200, undefined]);
    service.clock.advance(6);
    await expect(feed.assertCurrent()).rejects.toBeInstanceOf(RevocationUnknownError);
    const answer = await service.api.get<Problem>('/api/protected', tokens.accessToken);
    expect([answer.status, answer.body.code]).toEqual([503, 'revocation_unknown']);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('www-authenticate')).toBeNull();
    await wire.mend();
    await eventually(async () => {
      expect(await guarded()).toEqual([200, undefined]);
    });
  });

  it('never lets a revoked token back in by that: what it knew, it still knows', async () => {
    const ended = await service.api.signIn(ADMIN);
    await service.api.post('/api/logout', {}, ended.accessToken);
    await wire.cut();
    const during = await service.api.get<Problem>('/api/protected', ended.accessToken);
    expect([during.status, during.body.code]).toEqual([401, 'token_revoked']);
    await wire.mend();
  });

  it('does not take the answer to a question asked long ago for current', async () => {
    await eventually(() => feed.read());
    const dataSource = service.app.get(DataSource);
    const query = dataSource.query.bind(dataSource);
    let answer: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const spy = jest.spyOn(dataSource, 'query').mockImplementation(async (...asked) => {
      const rows: unknown = await query(...asked);
      if (asked[0].includes('pg_snapshot_xmin')) await held;
      return rows;
    });
    try {
      const slow = feed.read();
      service.clock.advance(6);
      const joined = expect(feed.assertCurrent()).rejects.toBeInstanceOf(RevocationUnknownError);
      jest.spyOn(feed, 'stalenessMs').mockReturnValue(6_000);
      answer?.();
      await slow;
      await joined;
    } finally {
      spy.mockRestore();
      jest.restoreAllMocks();
    }
    await eventually(() => feed.assertCurrent());
  });
});
