import { DataSource } from 'typeorm';
import { AuditLog } from '../src/audit/audit-log.js';
import { ChainVerification } from '../src/audit/seals/chain-verification.js';
import { Checkpoints } from '../src/audit/seals/checkpoints.js';
import { EventRetention } from '../src/audit/seals/event-retention.js';
import { EventSealer } from '../src/audit/seals/event-sealer.js';
import { AuditTrail } from '../src/audit/trail/audit-trail.js';
import { loadAppConfig } from '../src/config/load-app-config.js';
import { DataKeys } from '../src/crypto/data-keys.js';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { testEnvironment } from './support/test-app.js';
import { TestClock } from './support/test-clock.js';

const DAY = 24 * 60 * 60;

let database: TestDatabase;
let source: DataSource;
let clock: TestClock;
let audit: AuditLog;
let sealer: EventSealer;
let verification: ChainVerification;
let checkpoints: Checkpoints;
let trail: AuditTrail;
let retention: EventRetention;

beforeEach(async () => {
  database = await createTestDatabase();
  source = await new DataSource(
    dataSourceOptions({ url: database.url, purpose: 'requests', poolSize: 10 }),
  ).initialize();
  clock = new TestClock();
  const config = loadAppConfig(testEnvironment(database.url, { EVENTS_KEEP: '100d' }));
  const keys = new DataKeys(source, clock, config);
  audit = new AuditLog(source, keys);
  sealer = new EventSealer(source, keys, audit, clock);
  verification = new ChainVerification(source, keys);
  checkpoints = new Checkpoints(source, keys, clock);
  trail = new AuditTrail(source);
  retention = new EventRetention(source, audit, keys, clock, config);
});
afterEach(async () => {
  await source.destroy();
  await database.drop();
});

/** The middle of a month, so many months before this one. */
function goTo(monthsAgo: number): void {
  const now = new Date();
  const then = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAgo, 15, 12);
  clock.advance((then - clock.now().getTime()) / 1000);
}
const monthOf = (monthsAgo: number): string => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAgo, 1)).toISOString().slice(0, 10);
};
async function append(count = 1): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    clock.advance(1);
    await audit.append({ type: 'user_created', at: clock.now(), outcome: 'success', details: { made } });
  }
}
/** Two seals with three events in each month, from `monthsAgo` until this one. */
async function live(monthsAgo: number): Promise<void> {
  for (let ago = monthsAgo; ago >= 0; ago -= 1) {
    goTo(ago);
    await retention.run();
    await append(2);
    await sealer.seal();
    await append(1);
    await sealer.seal();
  }
}
const piecesOf = async (table: 'seals' | 'events'): Promise<string[]> => {
  const text =
    table === 'seals'
      ? 'SELECT piece::text FROM audit_seals ORDER BY number'
      : `SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-01') AS piece FROM audit_events ORDER BY id`;
  return (await source.query<{ piece: string }[]>(text)).map(({ piece }) => piece);
};

describe('retention of events', () => {
  it('removes whole months over EVENTS_KEEP with their seals but the last, writes that down, and the chain verifies', async () => {
    await live(6);
    const before = await checkpoints.take();
    await sealer.seal();
    const months = new Set(await piecesOf('events'));
    // 100 days before the middle of this month lie in the third month before it, which is kept whole.
    expect([...months]).toEqual([3, 2, 1, 0].map(monthOf));
    const seals = await piecesOf('seals');
    expect(seals.filter((piece) => piece <= monthOf(4))).toEqual([monthOf(4)]);
    expect((await verification.verify()).firstBroken).toBeNull();
    const removals = await trail.list({ type: 'audit_pieces_removed' }, 10);
    expect(removals.map(({ details }) => details.piece)).toEqual([monthOf(4), monthOf(5), monthOf(6)]);
    expect(removals[0]?.details).toMatchObject({ events: 3, anchor: 6 });
    // What an earlier checkpoint saw is still told from what was cut off.
    expect(await verification.holds(before)).toBe(true);
  });

  it('keeps a month until all of its events are over EVENTS_KEEP old', async () => {
    await live(5);
    expect((await piecesOf('events'))[0]).toBe(monthOf(3));
    // The last moment at which its last event is not over 100 days old.
    goTo(0);
    const ended = new Date(`${monthOf(2)}T00:00:00Z`).getTime() / 1000 + 100 * DAY;
    clock.advance(ended - clock.now().getTime() / 1000 - 1);
    expect(await retention.run()).toEqual([]);
    clock.advance(1);
    expect(await retention.run()).toEqual([monthOf(3)]);
  });

  it('leaves the chain verifiable where an event of a removed month was sealed late', async () => {
    goTo(4);
    await retention.run();
    for (const ago of [4, 3, 4, 3]) {
      goTo(ago);
      await append(2);
      await sealer.seal();
    }
    goTo(0);
    expect(await retention.run()).toEqual([monthOf(4)]);
    expect(await piecesOf('seals')).toEqual([4, 3, 4, 3].map(monthOf));
    expect(await verification.verify()).toMatchObject({ firstBroken: null, events: 4 });
  });

  it('removes nothing while an event of the month waits for its seal', async () => {
    goTo(5);
    await retention.run();
    await append(1);
    goTo(0);
    await expect(retention.run()).rejects.toThrow('not sealed yet');
    await sealer.seal();
    expect(await retention.run()).toEqual([monthOf(5), monthOf(4)]);
    await sealer.seal();
    expect(await verification.verify()).toMatchObject({ firstBroken: null });
  });

  it('is done once, however many instances are at it', async () => {
    goTo(5);
    await retention.run();
    await append(3);
    await sealer.seal();
    goTo(0);
    const runs = await Promise.allSettled([1, 2, 3].map(() => retention.run()));
    expect(runs.flatMap((run) => (run.status === 'fulfilled' ? run.value : [])).sort()).toEqual(
      [monthOf(5), monthOf(4)].sort(),
    );
    // Of an empty month there is nothing to tell.
    expect(await trail.list({ type: 'audit_pieces_removed' }, 10)).toHaveLength(1);
  });

  it('shows a removal that somebody else made, with its event or without', async () => {
    await live(3);
    await source.transaction(async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica');
      await tx.query(`DROP TABLE audit_events_${monthOf(3).slice(0, 7).replace('-', '_')}`);
      await tx.query('DELETE FROM audit_seals WHERE number < 2');
    });
    const missing = { problem: 'seal_missing', seal: 1, eventId: null };
    expect((await verification.verify()).firstBroken).toEqual(missing);
    const [anchor] = await source.query<{ head: Buffer }[]>('SELECT head FROM audit_seals WHERE number = 2');
    const details = { piece: monthOf(3), events: 3, anchor: 2, head: anchor?.head.toString('hex') };
    await source.query(
      `INSERT INTO audit_events (id, type, at, outcome, count, details, mac)
       SELECT $1, 'audit_pieces_removed', at, outcome, 1, $2, mac FROM audit_events ORDER BY id DESC LIMIT 1`,
      ['f0000000-0000-7000-8000-000000000000', details],
    );
    expect((await verification.verify()).firstBroken).toEqual(missing);
  });

  it('puts its name to no removal of what somebody else has taken away before', async () => {
    await live(3);
    await source.transaction(async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica');
      await tx.query('DELETE FROM audit_seals WHERE number < 4');
      await tx.query('DELETE FROM audit_events WHERE id < (SELECT event_ids[1] FROM audit_seals WHERE number = 4)');
    });
    await source.query('SELECT audit_ensure_piece($1::date)', [monthOf(20)]);
    await expect(retention.run()).rejects.toThrow('has lost its beginning');
    expect((await verification.verify()).firstBroken).toEqual({ problem: 'seal_missing', seal: 1, eventId: null });
    expect(await trail.list({ type: 'audit_pieces_removed' }, 10)).toEqual([]);
  });

  it('removes no month whose events are not those that its seals say', async () => {
    await live(3);
    await source.transaction(async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica');
      await tx.query('DELETE FROM audit_events WHERE id = (SELECT event_ids[1] FROM audit_seals WHERE number = 1)');
    });
    goTo(-1);
    await expect(retention.run()).rejects.toThrow('are not those of its seals');
    expect((await verification.verify()).firstBroken).toMatchObject({ problem: 'event_missing', seal: 1 });
  });

  it('removes many months in one run, and still knows where the chain begins', async () => {
    goTo(9);
    for (let ago = 9; ago >= 4; ago -= 1) {
      goTo(ago);
      await source.query('SELECT audit_ensure_piece($1::date)', [monthOf(ago)]);
      await append(2);
      await sealer.seal();
    }
    goTo(0);
    expect(await retention.run()).toEqual([9, 8, 7, 6, 5, 4].map(monthOf));
    await sealer.seal();
    expect((await verification.verify()).firstBroken).toBeNull();
  });

  it('shows an event of a removed month that is put back', async () => {
    await live(5);
    await sealer.seal();
    await source.query(
      `INSERT INTO audit_events (id, type, at, outcome, count, details, mac)
       SELECT '01900000-0000-7000-8000-000000000000', type, at, outcome, count, details, mac FROM audit_events LIMIT 1`,
    );
    expect((await verification.verify()).firstBroken).toMatchObject({ problem: 'event_added' });
  });

  it('has a month ready before it begins, and takes events of any other time too', async () => {
    goTo(0);
    await retention.run();
    const tables = await source.query<{ name: string }[]>(
      `SELECT relname AS name FROM pg_class WHERE relname ~ '^audit_events_\\d' AND relkind = 'r' ORDER BY 1`,
    );
    expect(tables.map(({ name }) => name)).toEqual(
      [0, -1, -2, -3].map((ago) => `audit_events_${monthOf(ago).slice(0, 7).replace('-', '_')}`),
    );
    goTo(40);
    await append(1);
    goTo(-40);
    await append(1);
    // A month that has some of them already is not made any more: they stay where they are.
    await source.query('SELECT audit_ensure_piece($1::date)', [monthOf(40)]);
    await source.query('SELECT audit_ensure_piece($1::date)', [monthOf(-40)]);
    await sealer.seal();
    expect(await verification.verify()).toMatchObject({ firstBroken: null, events: 2 });
  });
});
