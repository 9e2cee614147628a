import { Logger, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { entities } from '../ormconfig.js';
import { AppConfig } from '../src/config/app-config.js';
import { DatabaseModule } from '../src/database/database.module.js';
import type { MailJob, MailPurpose } from '../src/mail/mail-job.js';
import { MailModule } from '../src/mail/mail.module.js';
import { MailSender } from '../src/mail/mail-sender.js';
import type { PrepareMail } from '../src/mail/mail-sender.js';
import { composeMessage } from '../src/mail/messages/message.js';
import { Outbox } from '../src/mail/outbox.js';
import { Metrics } from '../src/observability/metrics.js';
import { Clock } from '../src/shared/clock.js';
import { isLinkPurpose } from '../src/shared/link-lives.js';
import { Secret } from '../src/shared/secret.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { MailServer } from './support/mail-server.js';
import { proxyTo } from './support/tcp-proxy.js';
import { TestClock } from './support/test-clock.js';

const FROM = 'Gatehouse <no-reply@auth.example.com>';
const LONGEST_RETRY_SECONDS = 15 * 60;
const LEASE_SECONDS = 90;
const NOBODY_WAKES_MS = 1_500;

const prepareAny: PrepareMail = ({ id, purpose, to = 'nobody@example.com', details, attempts }) => {
  const appUrl = 'https://app.example.com';
  const link = isLinkPurpose(purpose) ? `${appUrl}/x#token=${id}-${attempts}` : undefined;
  return Promise.resolve(composeMessage(purpose, { to, appUrl, link, details }));
};

describe('mail that is owed', () => {
  let database: TestDatabase;
  let clock: TestClock;
  let server: MailServer;
  let logged: string[];
  let errors: string[];
  /** For whatever is to hang until the test is over. */
  let held: Promise<undefined>;
  let letGo: (value: undefined) => void;
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    clock = new TestClock();
    server = await startServer();
    [logged, errors] = [[], []];
    for (const level of ['log', 'warn', 'error'] as const) {
      jest.spyOn(Logger.prototype, level).mockImplementation((...line: unknown[]) => {
        const [text] = line.map(String);
        if (text === undefined || text.endsWith('dependencies initialized')) return;
        logged.push(text);
        if (level === 'error') errors.push(text);
      });
    }
    held = new Promise((resolve) => (letGo = resolve));
  });

  afterEach(async () => {
    letGo(undefined);
    for (const close of closing.splice(0).reverse()) await close();
    await database.drop();
    expect(logged.join('\n')).not.toMatch(/@|mailbox/);
    jest.restoreAllMocks();
  });

  const startServer = async (startTls?: 'offered' | 'hidden'): Promise<MailServer> => {
    const started = await MailServer.start(startTls);
    closing.push(() => started.stop());
    return started;
  };

  interface Instance {
    readonly outbox: Outbox;
    readonly sender: MailSender;
    readonly dataSource: DataSource;
    readonly metrics: Metrics;
    readonly owe: (job: { to: string; purpose?: MailPurpose }) => Promise<void>;
    readonly close: () => Promise<void>;
  }

  /** What of the service concerns mail, as the service wires it. */
  async function startInstance(
    options: { databaseUrl?: string; mailUrl?: string; mail?: 'smtp' | 'off'; prepare?: PrepareMail | 'none' } = {},
  ): Promise<Instance> {
    const { databaseUrl = database.url, mailUrl = server.url, mail = 'smtp', prepare = prepareAny } = options;
    const config = {
      database: { url: new Secret(databaseUrl), poolSize: 4 },
      mail: mail === 'off' ? { kind: 'off' } : { kind: 'smtp', url: new Secret(mailUrl), from: FROM },
    };
    @Module({})
    class Configuration {}
    const configuration = {
      module: Configuration,
      global: true,
      providers: [
        { provide: AppConfig, useValue: config },
        { provide: Clock, useValue: clock },
      ],
      exports: [AppConfig, Clock],
    };
    const imports = [configuration, DatabaseModule.forRoot({ entities, connect: 'at-start' }), MailModule];
    const app: TestingModule = await Test.createTestingModule({ imports }).compile();
    let closed: Promise<void> | undefined;
    const close = (): Promise<void> => (closed ??= app.close());
    closing.push(close);
    const [outbox, sender, dataSource] = [app.get(Outbox), app.get(MailSender), app.get(DataSource)];
    if (prepare !== 'none') sender.start(prepare);
    const owe = ({ to, purpose = 'registration_attempt' }: { to: string; purpose?: MailPurpose }): Promise<void> => {
      const job: MailJob = { purpose, to, details: { at: clock.now().toISOString(), ip: '203.0.113.7' } };
      return dataSource.transaction((tx) => outbox.add(tx, job));
    };
    return { outbox, sender, dataSource, metrics: app.get(Metrics, { strict: false }), owe, close };
  }

  interface Owed {
    readonly id: string;
    readonly recipient: string;
    readonly attempts: number;
  }
  const owed = async (): Promise<Owed[]> => {
    const found = await onServer((query) => query('SELECT * FROM mail_outbox ORDER BY id'), database.url);
    return found.map(({ id = '', recipient = '', attempts }) => ({ id, recipient, attempts: Number(attempts) }));
  };
  const addresses = (count: number): string[] => Array.from({ length: count }, (_, at) => `owner${at}@example.com`);

  it('is sent right after the commit, and forgotten then', async () => {
    const { owe } = await startInstance();
    await owe({ to: 'ann@example.com' });
    await eventually(() => {
      expect(server.recipients).toEqual(['ann@example.com']);
    }, NOBODY_WAKES_MS);
    const [mail] = server.delivered;
    expect(mail?.subject).toBe('Someone tried to register with your address');
    expect(mail?.text).toContain('203.0.113.7');
    expect(mail?.messageId).toMatch(/^<[0-9a-f-]{36}@auth\.example\.com>$/);
    await eventually(async () => {
      expect(await owed()).toEqual([]);
    });
  });

  it('is not there where the transaction of its cause is rolled back', async () => {
    const { outbox, sender, dataSource, owe } = await startInstance();
    const at = clock.now().toISOString();
    const cause = dataSource.transaction(async (tx) => {
      await outbox.add(tx, { purpose: 'password_changed', to: 'ann@example.com', details: { at } });
      throw new Error('changed its mind');
    });
    await expect(cause).rejects.toThrow('changed its mind');
    await owe({ to: 'bob@example.com' });
    await sender.drain();
    expect(server.recipients).toEqual(['bob@example.com']);
    expect(await owed()).toEqual([]);
  });

  it('is sent by another instance where the one that owes it does not', async () => {
    await startInstance();
    const silent = await startInstance({ prepare: 'none' });
    await silent.owe({ to: 'ann@example.com' });
    await silent.close();
    await eventually(() => {
      expect(server.recipients).toEqual(['ann@example.com']);
    });
  });

  it('delays nobody who owes it, whatever the mail server does', async () => {
    const { owe } = await startInstance();
    server.behaviour = { message: () => held };
    for (const to of addresses(4)) await owe({ to });
    await eventually(async () => {
      expect((await owed()).filter(({ attempts }) => attempts === 1)).toHaveLength(3);
    });
    const before = performance.now();
    for (const to of addresses(20)) await owe({ to });
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(await owed()).toHaveLength(24);
    expect(server.delivered).toEqual([]);
  });

  it('outlives an outage of the mail server, and is sent once when that is back', async () => {
    const { sender, owe } = await startInstance();
    await server.stop();
    for (const to of addresses(7)) await owe({ to });
    await sender.drain();
    expect((await owed()).map(({ attempts }) => attempts)).toEqual(Array(7).fill(1));
    expect(logged).toHaveLength(7);
    expect(logged[0]).toMatch(/^Mail [0-9a-f-]{36} \(registration_attempt\) was not sent at try 1: Error E[A-Z]+$/);
    clock.advance(LONGEST_RETRY_SECONDS);
    await sender.drain();
    expect((await owed()).map(({ attempts }) => attempts)).toEqual(Array(7).fill(2));
    await server.start();
    await sender.drain();
    expect(server.delivered).toEqual([]);
    clock.advance(LONGEST_RETRY_SECONDS);
    await sender.drain();
    expect(server.recipients.sort()).toEqual(addresses(7));
    expect(await owed()).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('waits 5 s after the first try that failed, and no longer', async () => {
    const { sender, owe } = await startInstance();
    server.behaviour = { recipient: () => 451 };
    await owe({ to: 'ann@example.com' });
    await sender.drain();
    server.behaviour = {};
    clock.advance(2);
    await sender.drain();
    expect(server.delivered).toEqual([]);
    clock.advance(3);
    await sender.drain();
    expect(server.recipients).toEqual(['ann@example.com']);
    expect(logged).toEqual([expect.stringMatching(/ EENVELOPE 451$/)]);
  });

  it('is sent once by two instances that look for it at the same time', async () => {
    const [one, other] = [await startInstance(), await startInstance()];
    await Promise.all(addresses(40).map((to, at) => (at % 2 === 0 ? one : other).owe({ to })));
    await Promise.all([one.sender.drain(), other.sender.drain(), one.sender.drain()]);
    await eventually(async () => {
      expect(await owed()).toEqual([]);
    });
    expect(server.recipients.sort()).toEqual(addresses(40).sort());
  });

  it('is taken by one of many who ask at once', async () => {
    const { outbox, owe } = await startInstance({ prepare: 'none' });
    for (const to of addresses(10)) await owe({ to });
    const now = clock.now();
    const claims = await Promise.all(Array.from({ length: 8 }, () => outbox.claim(3, now)));
    expect(Math.max(...claims.map((claim) => claim.length))).toBe(3);
    const taken = claims.flat().map(({ to }) => to);
    expect(new Set(taken).size).toBe(taken.length);
    expect(taken.length + (await outbox.claim(100, now)).length).toBe(10);
  });

  it('that another instance is just taking is neither taken nor waited for', async () => {
    const { outbox, owe } = await startInstance({ prepare: 'none' });
    for (const to of addresses(4)) await owe({ to });
    const now = clock.now();
    await onServer(async (query) => {
      await query('BEGIN');
      await query(`UPDATE mail_outbox SET attempts = 1, next_attempt_at = next_attempt_at + interval '90 s'
                    WHERE recipient = 'owner1@example.com'`);
      const claimed = await outbox.claim(100, now);
      await query('COMMIT');
      expect(claimed.map(({ to }) => to).sort()).toEqual([0, 2, 3].map((at) => `owner${at}@example.com`));
    }, database.url);
    expect(await outbox.claim(100, now)).toEqual([]);
  });

  it('is left to whoever took it until the lease ends, and sent by another then', async () => {
    const dying = await startInstance({ prepare: 'none' });
    await dying.owe({ to: 'ann@example.com' });
    const [claimed] = await dying.outbox.claim(1, clock.now());
    expect(claimed).toMatchObject({ to: 'ann@example.com', attempts: 1 });
    await dying.close();
    const { sender } = await startInstance();
    clock.advance(LEASE_SECONDS - 5);
    await sender.drain();
    expect(server.delivered).toEqual([]);
    clock.advance(5);
    await sender.drain();
    expect(server.recipients).toEqual(['ann@example.com']);
    expect(await owed()).toEqual([]);
  });

  it('is not put off by a try that took longer than its lease', async () => {
    const { outbox, owe } = await startInstance({ prepare: 'none' });
    await owe({ to: 'ann@example.com' });
    const [slow] = await outbox.claim(1, clock.now());
    clock.advance(LEASE_SECONDS);
    const [quick] = await outbox.claim(1, clock.now());
    if (!slow || !quick) throw new Error('both have had it');
    await outbox.failed(slow, clock.now());
    clock.advance(LEASE_SECONDS - 10);
    expect(await outbox.claim(1, clock.now())).toEqual([]);
  });

  it.each([550, 554])('is dropped where the server refuses it for good with %d, and nothing else is', async (code) => {
    const { sender, owe } = await startInstance();
    server.behaviour = { recipient: (address) => (address.startsWith('gone') ? code : undefined) };
    for (const to of ['ann@example.com', 'gone@example.com', 'bob@example.com']) await owe({ to });
    await sender.drain();
    expect(server.recipients.sort()).toEqual(['ann@example.com', 'bob@example.com']);
    expect(await owed()).toEqual([]);
    expect(errors).toEqual([expect.stringContaining(`UndeliverableError smtp_${code}. It is not tried again.`)]);
  });

  it('is given up after three days, with an error in the log', async () => {
    const { sender, owe } = await startInstance();
    await server.stop();
    await owe({ to: 'ann@example.com' });
    await sender.drain();
    clock.advance(3 * 24 * 60 * 60 - 60);
    await sender.drain();
    expect(errors).toEqual([]);
    expect(await owed()).toHaveLength(1);
    clock.advance(LONGEST_RETRY_SECONDS);
    await sender.drain();
    expect(errors).toEqual([expect.stringMatching(/^Mail [0-9a-f-]{36} \(.*\) is given up after 3 tries\.$/)]);
    expect(await owed()).toEqual([]);
  });

  it('is forgotten unsent where there is nobody to tell any more', async () => {
    const { sender, owe } = await startInstance({ prepare: () => Promise.resolve(undefined) });
    await owe({ to: 'ann@example.com' });
    await sender.drain();
    expect(await owed()).toEqual([]);
    expect(server.delivered).toEqual([]);
  });

  it('is tried again where it could not be written', async () => {
    let failures = 2;
    const prepare: PrepareMail = (job) => {
      if (failures-- > 0) throw Object.assign(new Error(`no account of ${job.to ?? ''}`), { code: 'not_found' });
      return prepareAny(job);
    };
    const { sender, owe } = await startInstance({ prepare });
    await owe({ to: 'ann@example.com' });
    for (let tries = 0; tries < 3; tries += 1) {
      await sender.drain();
      clock.advance(LONGEST_RETRY_SECONDS);
    }
    expect(server.recipients).toEqual(['ann@example.com']);
    expect(logged).toEqual([
      expect.stringMatching(/was not sent at try 1: Error not_found$/),
      expect.stringMatching(/was not sent at try 2: Error not_found$/),
    ]);
  });

  it('is sent three at a time', async () => {
    let [underWay, most] = [0, 0];
    server.behaviour = {
      message: async () => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setTimeout(resolve, 20));
        underWay -= 1;
      },
    };
    const { sender, owe } = await startInstance();
    await Promise.all(addresses(12).map((to) => owe({ to })));
    await sender.drain();
    expect(server.delivered).toHaveLength(12);
    expect(most).toBe(3);
  });

  it('does not wait behind one mail that hangs', async () => {
    const { owe } = await startInstance({
      prepare: (job) => (job.to === 'slow@example.com' ? held : prepareAny(job)),
    });
    await owe({ to: 'slow@example.com' });
    for (const to of addresses(6)) await owe({ to });
    await eventually(() => {
      expect(server.recipients.sort()).toEqual(addresses(6));
    });
  });

  it('that could not be forgotten is sent again, so that it can be recognised', async () => {
    const proxy = await proxyTo(database.url);
    closing.push(() => proxy.close());
    const { sender, owe } = await startInstance({ databaseUrl: proxy.url });
    await owe({ to: 'ann@example.com' });
    server.behaviour = { message: () => proxy.cut() };
    await sender.drain();
    server.behaviour = {};
    expect(server.delivered).toHaveLength(1);
    await proxy.mend();
    clock.advance(LEASE_SECONDS);
    await eventually(async () => {
      await sender.drain();
      expect(server.delivered).toHaveLength(2);
    });
    const [first, again] = server.delivered;
    expect(again?.messageId).toBe(first?.messageId);
    expect(await owed()).toEqual([]);
  });

  it('is another mail where it brings another link', async () => {
    const { sender, owe } = await startInstance();
    let takes = 0;
    // The server has it, and says otherwise.
    server.behaviour = {
      message: (mail) => {
        if (takes++ > 0) return;
        server.delivered.push({ ...mail, overTls: false });
        throw Object.assign(new Error('too late'), { responseCode: 451 });
      },
    };
    await owe({ to: 'ann@example.com', purpose: 'password_reset' });
    await sender.drain();
    clock.advance(LONGEST_RETRY_SECONDS);
    await sender.drain();
    const [first, again] = server.delivered;
    expect(first?.token).toMatch(/-1$/);
    expect(again?.token).toMatch(/-2$/);
    expect(again?.messageId).not.toBe(first?.messageId);
  });

  it('waits quietly while the database is away, and is sent when it is back', async () => {
    const proxy = await proxyTo(database.url);
    closing.push(() => proxy.close());
    const { sender, metrics } = await startInstance({ databaseUrl: proxy.url });
    const other = await startInstance({ prepare: 'none' });
    await proxy.cut();
    await other.owe({ to: 'ann@example.com' });
    for (let looks = 0; looks < 5; looks += 1) await sender.drain();
    const about = (): string[] => logged.filter((line) => line.startsWith('Mail that is owed'));
    expect(about()).toEqual([expect.stringMatching(/^Mail that is owed cannot be read: \w+ ECONN\w+$/)]);
    // The rest of the scrape goes on.
    expect(await metrics.registry.metrics()).toMatch(/^gatehouse_mail_owed nan$/im);
    await proxy.mend();
    await eventually(() => {
      expect(server.recipients).toEqual(['ann@example.com']);
    });
    expect(about()).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  /** With the certificate that smtp-server brings along, and warns of: nobody vouches for it. */
  const startSecureServer = (): Promise<MailServer> => {
    jest.spyOn(console, 'error').mockImplementation();
    return startServer('offered');
  };

  it('goes over TLS where the server offers it', async () => {
    const secure = await startSecureServer();
    const { sender, owe } = await startInstance({
      mailUrl: `${secure.url}?requireTLS=true&tls.rejectUnauthorized=false`,
    });
    await owe({ to: 'ann@example.com' });
    await sender.drain();
    expect(secure.delivered).toMatchObject([{ to: ['ann@example.com'], overTls: true }]);
  });

  it('goes over no connection in the clear where TLS is required, nor to a server that it cannot recognise', async () => {
    const secure = await startSecureServer();
    const [inClear, toUnknown] = [
      await startInstance({ mailUrl: `${server.url}?requireTLS=true` }),
      await startInstance({ mailUrl: `${secure.url}?requireTLS=true` }),
    ];
    for (const { sender, owe } of [inClear, toUnknown]) {
      await owe({ to: 'ann@example.com' });
      await sender.drain();
    }
    expect(await owed()).toHaveLength(2);
    expect([...server.delivered, ...secure.delivered]).toEqual([]);
  });

  it('that is under way at the shutdown is finished and forgotten, and no other is begun', async () => {
    const { sender, owe, close } = await startInstance();
    let [begun, finish] = [0, (): void => undefined];
    const finished = new Promise<void>((resolve) => (finish = resolve));
    server.behaviour = {
      message: () => {
        begun += 1;
        return finished;
      },
    };
    for (const to of addresses(5)) await owe({ to });
    void sender.drain();
    await eventually(() => {
      expect(begun).toBe(3);
    });
    const closed = close();
    finish();
    await closed;
    expect(server.delivered).toHaveLength(3);
    expect(await owed()).toMatchObject([{ attempts: 0 }, { attempts: 0 }]);
    expect(logged).toEqual([]);
  });

  it('holds a shutdown up for 5 s at most, and stays owed then', async () => {
    const { sender, owe, close } = await startInstance();
    server.behaviour = { message: () => held };
    await owe({ to: 'ann@example.com' });
    void sender.drain();
    await eventually(async () => {
      expect(await owed()).toMatchObject([{ attempts: 1 }]);
    });
    const before = performance.now();
    await close();
    const took = performance.now() - before;
    expect(took).toBeGreaterThan(4_500);
    expect(took).toBeLessThan(8_000);
    expect(logged).toContain('1 mails were under way at the shutdown: they stay owed.');
    expect(await owed()).toHaveLength(1);
  });

  it('is nothing under MAIL=off, and what was owed before is kept', async () => {
    const before = await startInstance({ prepare: 'none' });
    await before.owe({ to: 'ann@example.com' });
    const { sender, owe } = await startInstance({ mail: 'off' });
    await owe({ to: 'bob@example.com' });
    await sender.drain();
    expect(await owed()).toMatchObject([{ recipient: 'ann@example.com', attempts: 0 }]);
  });

  it('is counted for whoever runs the service', async () => {
    const { sender, metrics, owe } = await startInstance();
    server.behaviour = { recipient: (address) => (address === 'ann@example.com' ? undefined : 451) };
    for (const to of ['ann@example.com', 'bob@example.com']) await owe({ to });
    await sender.drain();
    const exposed = await metrics.registry.metrics();
    expect(exposed).toMatch(/^gatehouse_mail_attempts_total\{outcome="sent"\} 1$/m);
    expect(exposed).toMatch(/^gatehouse_mail_attempts_total\{outcome="failed"\} 1$/m);
    expect(exposed).toMatch(/^gatehouse_mail_owed 1$/m);
  });
});
