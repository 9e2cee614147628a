import { DataSource } from 'typeorm';
import { AuditLog } from '../src/audit/audit-log.js';
import type { AuditEvent } from '../src/audit/audit-event.js';
import { checkpointsIn } from '../src/audit/seals/checkpoint.js';
import { Checkpoints } from '../src/audit/seals/checkpoints.js';
import { EventSealer } from '../src/audit/seals/event-sealer.js';
import { DataKeys } from '../src/crypto/data-keys.js';
import { LogOutput } from '../src/observability/log-output.js';
import { createLogger } from '../src/observability/logger.js';
import { asUserId } from '../src/shared/ids.js';
import type { Tokens } from './support/api.js';
import { CapturedLog } from './support/captured-log.js';
import type { LogEntry } from './support/captured-log.js';
import { eventually } from './support/eventually.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const USER_ID = '01900000-0000-7000-8000-000000000000';
const REASON = 'canary of a reason';

describe('events in the log output', () => {
  let service: TestApp;
  let audit: AuditLog;
  let source: DataSource;
  const log = new CapturedLog();

  beforeAll(async () => {
    service = await startTestApp({ env: { LOG_LEVEL: 'info' }, logTo: log.sink });
    audit = service.app.get(AuditLog, { strict: false });
    source = service.app.get(DataSource);
  });
  afterAll(() => service.close());

  const told = (members: LogEntry): LogEntry[] => log.with({ context: 'Event', ...members });
  const event = (changes: Partial<AuditEvent> = {}): AuditEvent => ({
    type: 'user_unlocked',
    at: service.clock.now(),
    userId: asUserId(USER_ID),
    outcome: 'success',
    details: { reason: REASON },
    ...changes,
  });
  /** Whatever is under way in the event loop has been written then. */
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  };

  it('say under their OWASP names what happened, to whom, from where and at which request', async () => {
    const requestId = 'request-of-an-event';
    const wrong = { email: ADMIN.email, password: 'not the password of anybody' };
    await service.api.send('POST', '/api/login', { json: wrong, headers: { 'x-request-id': requestId } });
    const line = await log.eventually({ event: 'authn_login_fail', requestId });
    expect(line).toEqual({
      level: 'info',
      time: expect.any(String) as unknown,
      context: 'Event',
      message: 'authn_login_fail',
      event: 'authn_login_fail',
      eventId: expect.any(String) as unknown,
      outcome: 'failure',
      userId: expect.any(String) as unknown,
      requestId,
      client: '127.0.0.1',
    });
  });

  it('are warnings where somebody may want to look: a spent refresh token that comes back', async () => {
    const first = await service.api.signIn(ADMIN);
    let tokens: Tokens = first;
    for (let step = 0; step < 3; step += 1) tokens = (await service.api.refresh(tokens.refreshToken)).body;
    service.clock.advance(120);
    expect((await service.api.refresh(first.refreshToken)).status).toBe(401);
    const line = await log.eventually({ event: 'authn_token_reuse' });
    expect(line).toMatchObject({ level: 'warn', outcome: 'failure', sessionId: first.sessionId });
  });

  it('do not call it a success where an admin’s call was let in and then refused', async () => {
    const { accessToken: token } = await service.api.signIn(ADMIN);
    const outcomeOf = async (method: string, path: string, json?: unknown): Promise<unknown[]> => {
      const { status, headers } = await service.api.send(method, `/api/admin/${path}`, { token, json });
      const requestId = headers.get('x-request-id');
      return [status, (await log.eventually({ event: 'authz_admin', requestId })).outcome];
    };
    expect(await outcomeOf('GET', 'users')).toEqual([200, 'success']);
    expect(await outcomeOf('PATCH', `users/${USER_ID}`, { role: 'admin' })).toEqual([400, 'failure']);
    expect(await outcomeOf('GET', `users/${USER_ID}`)).toEqual([404, 'failure']);
    expect(await outcomeOf('POST', 'users', { email: ADMIN.email })).toEqual([409, 'failure']);
    expect(await outcomeOf('DELETE', 'users/not-an-id')).toEqual([404, 'failure']);
  });

  it('come behind the commit of the transaction that they belong to', async () => {
    await source.transaction(async (tx) => {
      await audit.append(event({ count: 3 }), tx);
      await settle();
      expect(told({ userId: USER_ID })).toEqual([]);
    });
    expect(await log.eventually({ userId: USER_ID })).toMatchObject({ event: 'user_unlocked', count: 3 });
  });

  it('do not come where the transaction is undone', async () => {
    const undone = source.transaction(async (tx) => {
      await audit.append(event({ type: 'user_disabled' }), tx);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await audit.append(event({ type: 'user_enabled' }));
    await log.eventually({ event: 'user_enabled' });
    expect(told({ event: 'user_disabled' })).toEqual([]);
  });

  it('of a savepoint come behind the commit of the whole', async () => {
    const undone = source.transaction(async (tx) => {
      await tx.transaction((inner) => audit.append(event({ type: 'user_deleted' }), inner));
      await settle();
      expect(told({ event: 'user_deleted' })).toEqual([]);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await settle();
    expect(told({ event: 'user_deleted' })).toEqual([]);
  });

  it.each(['production', 'development'] as const)(
    'leave checkpoints in the log of %s as audit:verify reads them',
    async (mode) => {
      let written = '';
      const output = new LogOutput((text, done) => {
        written += text;
        done();
      });
      const logger = await createLogger({ mode, logLevel: 'info' }, output);
      await service.app.get(EventSealer, { strict: false }).seal();
      const checkpoint = await service.app.get(Checkpoints, { strict: false }).take();
      logger.log(`Checkpoint ${JSON.stringify(checkpoint)}`, 'EventLog');
      await logger.flush();
      const key = await service.app.get(DataKeys, { strict: false }).key('events');
      expect(checkpointsIn(written, key)).toEqual([checkpoint]);
    },
  );

  it('are those of the event log, each once, without a word of their details', async () => {
    await eventually(async () => {
      const rows = await service.sql<{ id: string }>('SELECT id FROM audit_events ORDER BY id');
      expect(rows.length).toBeGreaterThan(5);
      expect(
        told({})
          .map(({ eventId }) => eventId)
          .sort(),
      ).toEqual(rows.map(({ id }) => id));
    });
    expect(log.text).not.toContain(REASON);
    expect(log.text).not.toContain(ADMIN.email);
  });
});
