import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditEvent } from '../src/audit/audit-event.js';
import { AuditLog } from '../src/audit/audit-log.js';
import { ChainVerification } from '../src/audit/seals/chain-verification.js';
import { readCheckpoint } from '../src/audit/seals/checkpoint.js';
import { Checkpoints } from '../src/audit/seals/checkpoints.js';
import { EventSealer, SEAL_LOCK } from '../src/audit/seals/event-sealer.js';
import type { Verified } from '../src/audit/seals/verification.js';
import { AuditTrail } from '../src/audit/trail/audit-trail.js';
import { loadAppConfig } from '../src/config/load-app-config.js';
import { DataKeys } from '../src/crypto/data-keys.js';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { newUserId } from '../src/shared/ids.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { testEnvironment } from './support/test-app.js';
import { TestClock } from './support/test-clock.js';

const USER = newUserId();

let database: TestDatabase;
let source: DataSource;
let clock: TestClock;
let keys: DataKeys;
let audit: AuditLog;
let sealer: EventSealer;
let verification: ChainVerification;

beforeEach(async () => {
  database = await createTestDatabase();
  source = await new DataSource(
    dataSourceOptions({ url: database.url, purpose: 'requests', poolSize: 10 }),
  ).initialize();
  clock = new TestClock();
  keys = new DataKeys(source, clock, loadAppConfig(testEnvironment(database.url)));
  audit = new AuditLog(source, keys);
  sealer = new EventSealer(source, keys, audit, clock);
  verification = new ChainVerification(source, keys);
});
afterEach(async () => {
  await source.destroy();
  await database.drop();
});

const event = (changes: Partial<AuditEvent> = {}): AuditEvent => ({
  type: 'authn_login_success',
  at: clock.now(),
  userId: USER,
  client: { ip: '2001:db8::7', userAgent: 'curl/8 "quoted"', requestId: 'request-1' },
  outcome: 'success',
  details: { b: 'two', a: 1, c: null, d: true },
  ...changes,
});
const append = async (count: number, changes: Partial<AuditEvent> = {}): Promise<string[]> => {
  for (let made = 0; made < count; made += 1) {
    clock.advance(0.001);
    await audit.append(event(changes));
  }
  const found = await source.query<{ id: string }[]>('SELECT id FROM audit_events ORDER BY id');
  return found.map(({ id }) => id);
};
/** As somebody does who owns the database, past every trigger. */
const tamper = (text: string, values: unknown[] = []): Promise<void> =>
  source.transaction(async (tx) => {
    await tx.query('SET LOCAL session_replication_role = replica');
    await tx.query(text, values);
  });
const problem = async (): Promise<Verified['firstBroken']> => (await verification.verify()).firstBroken;
const sealsOf = (): Promise<{ number: string; count: number }[]> =>
  source.query('SELECT number, count FROM audit_seals ORDER BY number');

describe('the chain of seals', () => {
  it('covers every event once, in batches without a gap, and verifies', async () => {
    await append(3);
    expect(await sealer.seal()).toBe(3);
    await append(2);
    expect(await sealer.seal()).toBe(2);
    expect(await sealer.seal()).toBe(0);
    expect(await sealsOf()).toEqual([
      { number: '1', count: 3 },
      { number: '2', count: 2 },
    ]);
    expect(await verification.verify()).toMatchObject({ events: 5, firstBroken: null, end: { number: 2, total: 5 } });
  });

  it('is intact where there is nothing yet, and where events wait for their seal', async () => {
    await keys.key('events');
    expect(await verification.verify()).toMatchObject({ events: 0, firstBroken: null });
    await append(2);
    expect(await verification.verify()).toMatchObject({ events: 0, firstBroken: null });
  });

  it('makes batches of at most a thousand, each of one month', async () => {
    const now = clock.now();
    clock.advance((Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - now.getTime()) / 1000 - 5);
    await append(2);
    clock.advance(10);
    await append(1);
    expect(await sealer.seal()).toBe(3);
    expect((await sealsOf()).map(({ count }) => count)).toEqual([2, 1]);
    await source.transaction(async (tx) => {
      for (let made = 0; made < 1_001; made += 1) await audit.append(event(), tx);
    });
    expect(await sealer.seal()).toBe(1_001);
    expect((await sealsOf()).map(({ count }) => count)).toEqual([2, 1, 1_000, 1]);
    expect(await problem()).toBeNull();
  });

  it('does not wait for a transaction that is still open, and takes its events once it has committed', async () => {
    const open = source.createQueryRunner();
    await open.startTransaction();
    await audit.append(event(), open.manager);
    await append(1);
    expect(await sealer.seal()).toBe(1);
    await open.commitTransaction();
    await open.release();
    expect(await sealer.seal()).toBe(1);
    expect(await verification.verify()).toMatchObject({ events: 2, firstBroken: null });
  });

  it('is made by one instance at a time, however many try, while others write', async () => {
    const others = [1, 2, 3].map(() => new EventSealer(source, keys, audit, clock));
    const writing = Promise.all(
      [1, 2, 3, 4].map(async () => {
        for (let made = 0; made < 50; made += 1) await audit.append(event());
      }),
    );
    let sealed = 0;
    const sealing = async (by: EventSealer): Promise<void> => {
      while (sealed < 200) {
        const count = await by.seal();
        sealed += count;
      }
    };
    await Promise.all([writing, ...others.map(sealing)]);
    expect(sealed).toBe(200);
    expect(await verification.verify()).toMatchObject({ events: 200, firstBroken: null, end: { total: 200 } });
  });

  it('keeps what an event says, whatever text it holds and however its address is written', async () => {
    const odd = ['\ud800 half', 'a\0b', '“ä” 🙂', '\\u0000', '{"a":1}', ''];
    for (const text of odd)
      await append(1, {
        client: { ip: '::1.2.3.4', userAgent: text },
        details: { text, z: Number.MAX_SAFE_INTEGER, A: -0.5 },
      });
    for (const ip of ['::ffff:192.0.2.1', '::', '2001:DB8:0:0:1::1', '192.0.2.1', 'unknown', 'fe80::1%eth0'])
      await append(1, { client: { ip, userAgent: undefined } });
    await sealer.seal();
    expect(await verification.verify()).toMatchObject({ events: 12, firstBroken: null });
  });
});

describe('an event log that somebody changed behind the back of the service', () => {
  let ids: string[];

  beforeEach(async () => {
    await append(3);
    await sealer.seal();
    ids = await append(3);
    await sealer.seal();
    expect(await problem()).toBeNull();
  });

  it('refuses to be changed at all by whoever does not disarm its triggers', async () => {
    const [{ piece } = { piece: '' }] = await source.query<{ piece: string }[]>(
      'SELECT tableoid::regclass::text AS piece FROM audit_events LIMIT 1',
    );
    for (const table of ['audit_events', piece, 'audit_seals']) {
      await expect(source.query(`UPDATE ${table} SET count = 2`)).rejects.toThrow('takes no UPDATE');
      await expect(source.query(`DELETE FROM ${table}`)).rejects.toThrow('takes no DELETE');
      await expect(source.query(`TRUNCATE ${table}`)).rejects.toThrow('takes no TRUNCATE');
    }
  });

  it.each([
    ['type', `'session_logout'`],
    ['at', `at + interval '1 microsecond'`],
    ['actor_id', 'gen_random_uuid()'],
    ['user_id', 'gen_random_uuid()'],
    ['user_id', 'NULL'],
    ['session_id', 'gen_random_uuid()'],
    ['ip', `'2001:db8::8'`],
    ['ip', `'2001:db8::7/64'`],
    ['user_agent', `'curl/8 "quoted" '`],
    ['request_id', `'request-2'`],
    ['outcome', `'failure'`],
    ['count', '2'],
    ['details', `details || '{"a": 2}'`],
    ['details', `details - 'c'`],
    ['mac', `sha256('')`],
  ])('names the event whose %s was set to %s', async (column, value) => {
    const constraints = 'ALTER TABLE audit_events DROP CONSTRAINT IF EXISTS audit_events_at_check';
    await source.query(constraints);
    await tamper(`UPDATE audit_events SET ${column} = ${value} WHERE id = $1`, [ids[4]]);
    expect(await problem()).toEqual({ problem: 'event_changed', seal: 2, eventId: ids[4] });
  });

  it('names the first of several', async () => {
    await tamper(`UPDATE audit_events SET details = '{}' WHERE id = ANY ($1)`, [[ids[1], ids[4]]]);
    expect(await problem()).toEqual({ problem: 'event_changed', seal: 1, eventId: ids[1] });
  });

  it('names an event that was taken away', async () => {
    await tamper('DELETE FROM audit_events WHERE id = $1', [ids[2]]);
    expect(await problem()).toEqual({ problem: 'event_missing', seal: 1, eventId: ids[2] });
  });

  it('names an event that was added, in a month that has others and in one that has none', async () => {
    const copy = (id: string): string =>
      `INSERT INTO audit_events (id, type, at, outcome, count, details, mac)
       SELECT '${id}', type, at, outcome, count, details, mac FROM audit_events LIMIT 1`;
    const near = `${ids[2]?.slice(0, 14)}${ids[2]?.[14] === '7' ? '7fff' : '7000'}-8000-000000000000`;
    await tamper(copy(near));
    expect(await problem()).toEqual({ problem: 'event_added', seal: null, eventId: near });
    await tamper('DELETE FROM audit_events WHERE id = $1', [near]);
    const far = 'f0000000-0000-7000-8000-000000000000';
    await tamper(copy(far));
    expect(await problem()).toEqual({ problem: 'event_added', seal: null, eventId: far });
  });

  it('names an event that waited for its seal when it was changed, and after its seal too', async () => {
    const waiting = (await append(1)).at(-1);
    await tamper(`UPDATE audit_events SET outcome = 'failure' WHERE id = $1`, [waiting]);
    expect(await problem()).toEqual({ problem: 'event_changed', seal: null, eventId: waiting });
    const told = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await sealer.seal();
    expect(told).toHaveBeenCalledWith(expect.stringContaining(`Event ${waiting} was changed before it was sealed`));
    told.mockRestore();
    expect(await problem()).toEqual({ problem: 'event_changed', seal: 3, eventId: waiting });
  });

  it('names an event that was forged in its queue: the service alone can make one', async () => {
    const forged = `${ids[5]?.slice(0, 14)}7abc-8000-000000000000`;
    await tamper(
      `INSERT INTO audit_events (id, type, at, outcome, count, details, mac)
       SELECT $1, type, at, outcome, count, details, mac FROM audit_events LIMIT 1`,
      [forged],
    );
    await tamper('INSERT INTO audit_unsealed VALUES ($1)', [forged]);
    const told = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await sealer.seal();
    told.mockRestore();
    expect(await problem()).toEqual({ problem: 'event_changed', seal: 3, eventId: forged });
  });

  it('names an event that was taken out of the queue', async () => {
    const waiting = (await append(1)).at(-1);
    await tamper('DELETE FROM audit_unsealed');
    expect(await problem()).toEqual({ problem: 'event_added', seal: null, eventId: waiting });
  });

  it.each([
    ['sealed_at', `sealed_at + interval '1 second'`],
    ['total', 'total + 1'],
    ['event_ids', 'event_ids[2:3] || event_ids[1]'],
    ['digest', `sha256('')`],
    ['previous', `sha256('')`],
    ['head', `sha256('')`],
  ])('names the seal whose %s was set to %s', async (column, value) => {
    await tamper(`UPDATE audit_seals SET ${column} = ${value} WHERE number = 2`);
    expect(await problem()).toEqual({ problem: 'seal_changed', seal: 2, eventId: null });
  });

  it('names a seal that was taken away, with its events or without', async () => {
    await append(1);
    await sealer.seal();
    await tamper('DELETE FROM audit_seals WHERE number = 2');
    expect(await problem()).toEqual({ problem: 'seal_missing', seal: 2, eventId: null });
    await tamper('DELETE FROM audit_events WHERE id = ANY ($1)', [ids.slice(3)]);
    expect(await problem()).toEqual({ problem: 'seal_missing', seal: 2, eventId: null });
  });

  it('is not fooled by an event that is put back into the queue to make room for another', async () => {
    const told = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await tamper('INSERT INTO audit_unsealed VALUES ($1)', [ids[1]]);
    const forged = `${ids[5]?.slice(0, 14) ?? ''}7abc-8000-000000000000`;
    await tamper(
      `INSERT INTO audit_events (id, type, at, outcome, count, details, mac)
       SELECT $1, type, at, outcome, count, details, mac FROM audit_events LIMIT 1`,
      [forged],
    );
    // Before the next tick, and after it.
    expect(await problem()).toMatchObject({ problem: 'event_sealed_twice', eventId: ids[1] });
    expect(await sealer.seal()).toBe(0);
    expect(told).toHaveBeenCalledWith(expect.stringContaining('put back into the queue'));
    told.mockRestore();
    expect(await source.query('SELECT 1 FROM audit_unsealed')).toEqual([]);
    expect(await problem()).toEqual({ problem: 'event_added', seal: null, eventId: forged });
  });

  it('names what has no canonical form as changed, and goes on sealing', async () => {
    for (const [column, value] of [
      ['details', `'null'`],
      ['details', `'[1]'`],
      ['at', `'infinity'`],
    ] as const) {
      const id = (await append(1)).at(-1);
      const told = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
      await tamper(`UPDATE audit_events SET ${column} = ${value} WHERE id = $1`, [id]);
      expect(await problem()).toMatchObject({ problem: 'event_changed' });
      expect(await sealer.seal()).toBe(1);
      told.mockRestore();
    }
    expect(await problem()).toMatchObject({ problem: 'event_changed' });
    await tamper(`UPDATE audit_seals SET sealed_at = 'infinity' WHERE number = 1`);
    expect(await problem()).toEqual({ problem: 'seal_changed', seal: 1, eventId: null });
  });

  it('looks at every event that waits, however many do', async () => {
    await source.transaction(async (tx) => {
      for (let made = 0; made < 1_200; made += 1) await audit.append(event(), tx);
    });
    const [last] = await source.query<{ id: string }[]>('SELECT id FROM audit_unsealed ORDER BY id DESC LIMIT 1');
    await tamper(`UPDATE audit_events SET outcome = 'failure' WHERE id = $1`, [last?.id]);
    expect(await problem()).toEqual({ problem: 'event_changed', seal: null, eventId: last?.id });
  });

  it('names an id that is there twice', async () => {
    const [{ piece } = { piece: '' }] = await source.query<{ piece: string }[]>(
      'SELECT tableoid::regclass::text AS piece FROM audit_events LIMIT 1',
    );
    await source.query('ALTER TABLE audit_events DROP CONSTRAINT audit_events_pkey');
    await tamper(
      `INSERT INTO ${piece} (id, type, at, outcome, count, details, mac)
       SELECT id, type, at, outcome, 7, details, mac FROM audit_events WHERE id = $1`,
      [ids[1]],
    );
    expect(await problem()).toMatchObject({ eventId: ids[1] });
  });

  it('hangs nothing on a seal that is not its own, tells so, and goes on once that is gone', async () => {
    await tamper(
      `INSERT INTO audit_seals (number, piece, sealed_at, count, total, event_ids, digest, previous, head)
       SELECT number + 1, piece, sealed_at, count, total, event_ids, digest, previous, head FROM audit_seals
       ORDER BY number DESC LIMIT 1`,
    );
    await append(2);
    await expect(sealer.seal()).rejects.toThrow('seal 3 is not one of this deployment');
    expect(await problem()).toEqual({ problem: 'seal_changed', seal: 3, eventId: null });
    await tamper('DELETE FROM audit_seals WHERE number = 3');
    expect(await sealer.seal()).toBe(2);
    expect(await problem()).toBeNull();
  });

  it('says that events wait where something holds sealing up', async () => {
    await append(1);
    const told = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const holding = source.createQueryRunner();
    await holding.query('SELECT pg_advisory_lock($1)', [SEAL_LOCK]);
    expect(await sealer.seal()).toBe(0);
    clock.advance(11);
    expect(await sealer.seal()).toBe(0);
    expect(await sealer.seal()).toBe(0);
    expect(told.mock.calls.filter(([line]) => String(line).includes('wait for their seal'))).toHaveLength(1);
    told.mockRestore();
    await holding.query('SELECT pg_advisory_unlock($1)', [SEAL_LOCK]);
    await holding.release();
    expect(await sealer.seal()).toBe(1);
  });

  it('verifies with the key that it was made with alone, and makes no other', async () => {
    const other = new DataKeys(source, clock, loadAppConfig(testEnvironment(database.url)));
    await source.query(`DELETE FROM data_keys WHERE purpose = 'events'`);
    await expect(new ChainVerification(source, other).verify()).rejects.toThrow(
      'data key "events" is not in the database',
    );
    expect(await source.query(`SELECT 1 FROM data_keys WHERE purpose = 'events'`)).toEqual([]);
  });

  it('misses a start that no removal of the service has taken', async () => {
    await tamper('DELETE FROM audit_seals WHERE number = 1');
    await tamper('DELETE FROM audit_events WHERE id = ANY ($1)', [ids.slice(0, 3)]);
    expect(await problem()).toEqual({ problem: 'seal_missing', seal: 1, eventId: null });
  });

  it('shows a tail that was cut off against a checkpoint from before, and to the instance that made it', async () => {
    const checkpoint = await new Checkpoints(source, keys, clock).take();
    await tamper('DELETE FROM audit_seals WHERE number = 2');
    await tamper('DELETE FROM audit_events WHERE id = ANY ($1)', [ids.slice(3)]);
    expect(await problem()).toBeNull();
    expect(await verification.holds(checkpoint)).toBe(false);
    // Also where the chain has grown again since.
    await append(1);
    const told = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await sealer.seal();
    expect(told).toHaveBeenCalledWith(expect.stringContaining('lost its tail'));
    told.mockRestore();
    expect(await verification.holds(checkpoint)).toBe(false);
    const [last] = await new AuditTrail(source).list({ type: 'audit_tail_missing' }, 10);
    expect(last).toMatchObject({ outcome: 'failure', details: { seal: 2, found: 1 } });
  });
});

describe('a checkpoint', () => {
  it('is one of this deployment, as it was written', async () => {
    await append(2);
    await sealer.seal();
    const checkpoint = await new Checkpoints(source, keys, clock).take();
    expect(checkpoint).toMatchObject({ seals: 1, events: 2, at: expect.stringMatching(/^\d{4}-.*Z$/) as string });
    const key = await keys.key('events');
    expect(readCheckpoint(key, JSON.stringify(checkpoint))).toEqual(checkpoint);
    for (const changed of [{ seals: 2 }, { events: 1 }, { at: 'later' }, { head: '0'.repeat(64) }, { mac: '' }])
      expect(readCheckpoint(key, JSON.stringify({ ...checkpoint, ...changed }))).toBeUndefined();
    for (const text of ['', 'null', '[]', '{}', '{"seals"']) expect(readCheckpoint(key, text)).toBeUndefined();
    expect(await verification.holds(checkpoint)).toBe(true);
  });

  it('goes to the log once for every minute in which the chain has grown', async () => {
    const told = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const checkpoints = new Checkpoints(source, keys, clock);
    await checkpoints.tell();
    await append(1);
    await sealer.seal();
    const checkpoint = await checkpoints.tell();
    await checkpoints.tell();
    const lines = told.mock.calls.map(([line]) => String(line));
    told.mockRestore();
    expect(lines).toEqual([`Checkpoint ${JSON.stringify(checkpoint)}`]);
  });
});
