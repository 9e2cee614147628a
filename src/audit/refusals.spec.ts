import { Logger } from '@nestjs/common';
import { Metrics } from '../observability/metrics.js';
import { Clock, addSeconds } from '../shared/clock.js';
import { asUserId } from '../shared/ids.js';
import type { AuditEvent } from './audit-event.js';
import type { AuditLog } from './audit-log.js';
import { Refusals } from './refusals.js';

const START = new Date('2026-01-01T00:00:00Z');

class SetClock extends Clock {
  time = START;
  now(): Date {
    return this.time;
  }
  synchronise(): void {
    // Nothing measures this one.
  }
}

describe('refusals', () => {
  let clock: SetClock;
  let written: AuditEvent[];
  let fails: boolean;
  let refusals: Refusals;

  beforeEach(() => {
    clock = new SetClock();
    written = [];
    fails = false;
    const log = {
      append: (event: AuditEvent) => {
        if (fails) return Promise.reject(new Error('the database is away'));
        written.push(event);
        return Promise.resolve();
      },
    };
    refusals = new Refusals(log as unknown as AuditLog, clock, new Metrics());
  });

  const note = (changes: Partial<AuditEvent> = {}, of = 'alice', from = '192.0.2.1'): Promise<void> => {
    const client = { ip: from, userAgent: undefined };
    const event = { type: 'authn_login_fail', at: clock.now(), client, outcome: 'failure', details: {} } as const;
    return refusals.note({ ...event, ...changes }, { of, from });
  };
  const counts = (): (number | undefined)[] => written.map(({ count }) => count);

  it('are written at once the first time, and counted into one for the rest of the minute', async () => {
    for (let second = 0; second < 60; second += 1) {
      clock.time = addSeconds(START, second);
      await note();
    }
    expect(counts()).toEqual([undefined]);
    clock.time = addSeconds(START, 59);
    await refusals.flush(clock.now());
    expect(counts()).toEqual([undefined]);
    clock.time = addSeconds(START, 60);
    await refusals.flush(clock.now());
    expect(counts()).toEqual([undefined, 59]);
    expect(written[1]?.at).toEqual(addSeconds(START, 59));
    await refusals.flush();
    expect(written).toHaveLength(2);
  });

  it('begin anew with the next minute, whose first one is written at once too', async () => {
    await note();
    await note();
    clock.time = addSeconds(START, 60);
    await note();
    expect(counts()).toEqual([undefined, 1, undefined]);
  });

  it('are told apart by type, by whom or what they are about, and by where they come from', async () => {
    await note();
    await note({ type: 'authz_fail' });
    await note({}, 'bob');
    await note({}, 'alice', '192.0.2.2');
    await note();
    expect(written).toHaveLength(4);
  });

  it('are counted together, without a name or an address, beyond ten thousand kinds at once', async () => {
    for (let index = 0; index < 10_000; index += 1) await note({}, `user ${index}`);
    await note({ userId: asUserId('one') }, 'one too many');
    await note({ userId: asUserId('two') }, 'two too many');
    await note({}, 'user 5');
    expect(written).toHaveLength(10_001);
    expect(written.at(-1)).toEqual({
      type: 'authn_login_fail',
      at: START,
      outcome: 'failure',
      details: { sources: 'many' },
    });
    await refusals.flush();
    expect(counts().slice(-2).sort()).toEqual([1, 1]);
  });

  it('never fail whoever notes them, and lose no count while the log cannot be written', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    fails = true;
    await note();
    await note();
    await refusals.flush();
    clock.time = addSeconds(START, 61);
    await note();
    await refusals.flush();
    expect(warned).toHaveBeenCalled();
    warned.mockRestore();
    fails = false;
    await refusals.stop();
    expect(written.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(3);
  });
});
