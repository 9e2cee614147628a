import { Logger } from '@nestjs/common';
import { MailDispatch } from './mail-dispatch.js';
import { Mailer } from './mailer.js';
import type { ComposedMail, Mail } from './mailer.js';

class FakeMailer extends Mailer {
  readonly sent: Mail[] = [];
  outcome: () => Promise<void> = () => Promise.resolve();

  async send(mail: Mail): Promise<void> {
    await this.outcome();
    this.sent.push(mail);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const mail: ComposedMail = {
  purpose: 'registration_attempt',
  to: 'ann@example.com',
  subject: 's',
  text: 't',
  html: 'h',
};
const never = (): Promise<void> => new Promise(() => undefined);

describe('MailDispatch', () => {
  let mailer: FakeMailer;
  let dispatch: MailDispatch;
  let logged: string[];

  beforeEach(() => {
    mailer = new FakeMailer();
    dispatch = new MailDispatch(mailer);
    logged = [];
    jest.spyOn(Logger.prototype, 'error').mockImplementation((line: unknown) => {
      logged.push(String(line));
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('returns before anything is sent, and sends it then', async () => {
    dispatch.deliver(mail);
    await Promise.resolve();
    expect(mailer.sent).toEqual([]);
    await dispatch.drain();
    expect(mailer.sent).toMatchObject([mail]);
  });

  it('logs purpose and cause of a failure, and neither the address nor what the server said', async () => {
    mailer.outcome = () =>
      Promise.reject(Object.assign(new Error('550 no such user ann@example.com'), { code: 'EENVELOPE' }));
    dispatch.deliver(mail);
    await dispatch.drain();
    expect(logged).toEqual([expect.stringMatching(/^Mail [0-9a-f-]{36} \(registration_attempt\) .*EENVELOPE$/)]);
    expect(logged.join()).not.toContain('ann');
  });

  it('survives a mailer that throws before it returns a promise', async () => {
    mailer.outcome = () => {
      throw new Error('broken');
    };
    dispatch.deliver(mail);
    await expect(dispatch.drain()).resolves.toBeUndefined();
  });

  it('drops a mail when a hundred are in flight, and says so', async () => {
    for (let sent = 0; sent < 101; sent += 1) dispatch.deliver(mail);
    expect(logged).toEqual([expect.stringContaining('dropped')]);
    await dispatch.drain();
    expect(mailer.sent).toHaveLength(100);
    dispatch.deliver(mail);
    await dispatch.drain();
    expect(mailer.sent).toHaveLength(101);
  });

  it('sends what it has taken before the process ends', async () => {
    dispatch.deliver(mail);
    await dispatch.onApplicationShutdown();
    expect(mailer.sent).toMatchObject([mail]);
  });

  it('gives up on a mailer that hangs when 5 s of the shutdown have passed', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    mailer.outcome = never;
    dispatch.deliver(mail);
    const ended = dispatch.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(5_000);
    await ended;
    expect(logged).toEqual([expect.stringContaining('1 mails were not sent')]);
  });
});
