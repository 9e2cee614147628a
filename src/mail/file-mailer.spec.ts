import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../shared/clock.js';
import { newId } from '../shared/ids.js';
import { FileMailer } from './file-mailer.js';
import { composeMessage } from './messages/message.js';

class SetClock extends SystemClock {
  time = new Date('2026-11-24T06:14:00.123Z');

  override now(): Date {
    return this.time;
  }
}

describe('FileMailer', () => {
  const clock = new SetClock();
  let parent: string;
  let directory: string;
  let mailer: FileMailer;
  const send = (to: string): Promise<void> =>
    mailer.send({
      ...composeMessage('registration_attempt', {
        to,
        appUrl: 'https://app.example.com',
        details: { at: clock.time.toISOString(), ip: '203.0.113.7' },
      }),
      id: newId(),
    });

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'gatehouse-mail-'));
    directory = join(parent, 'data', 'mail');
    mailer = new FileMailer(directory, 'Gatehouse <no-reply@example.com>', clock);
  });

  afterEach(() => rm(parent, { recursive: true }));

  it('writes a whole mail that nobody else on the machine can read', async () => {
    await send('ann@example.com');
    const [name = ''] = await readdir(directory);
    const text = await readFile(join(directory, name), 'utf8');
    expect(text).toContain('To: ann@example.com\r\n');
    expect(text).toContain('Content-Type: multipart/alternative');
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  it('names files so that they sort by time, several in the same millisecond too', async () => {
    const recipients = ['a@example.com', 'b@example.com', 'c@example.com'];
    for (const recipient of recipients) await send(recipient);
    clock.time = new Date('2026-11-24T06:14:01Z');
    await send('d@example.com');
    const names = (await readdir(directory)).sort();
    const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
    expect(names[0]).toMatch(/^2026-11-24T06-14-00\.123Z-[0-9a-f-]{36}-registration_attempt\.eml$/);
    expect(texts.map((text) => /^To: (.*)\r$/m.exec(text)?.[1])).toEqual([...recipients, 'd@example.com']);
  });
});
