import { createTransport } from 'nodemailer';
import type { Mail } from './mailer.js';
import { toMimeMessage } from './mime-message.js';

const mail: Mail = {
  id: '019aafeb-4c60-7cf3-9b5c-0a1b2c3d4e5f',
  purpose: 'registration_attempt',
  to: 'ann@example.com',
  subject: 'Hello',
  text: 'Text\n',
  html: '<p>Text</p>',
};
const at = new Date('2026-11-24T06:14:00Z');

const headersOf = async (changes: Partial<Mail>, from = 'Gatehouse <no-reply@example.com>'): Promise<string> => {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const message = toMimeMessage({ ...mail, ...changes }, from, at);
  const sent = await transport.sendMail(message);
  if (!Buffer.isBuffer(sent.message)) throw new Error('not buffered');
  return sent.message.toString().split('\r\n\r\n')[0] ?? '';
};

describe('toMimeMessage', () => {
  it('asks answering machines for silence, and says when and from whom it comes', async () => {
    const headers = await headersOf({});
    expect(headers).toContain('Auto-Submitted: auto-generated');
    expect(headers).toContain('To: ann@example.com');
    expect(headers).toContain('From: Gatehouse <no-reply@example.com>');
    expect(headers).toContain('Date: Tue, 24 Nov 2026 06:14:00 +0000');
    expect(headers).not.toContain('X-Mailer');
  });

  it.each(['Gatehouse <no-reply@example.com>', '"Gate, house" <no-reply@example.com>', 'no-reply@example.com'])(
    'names the same mail alike each time, where %s sends it',
    async (from) => {
      const [first, again] = [await headersOf({}, from), await headersOf({ text: 'Other words' }, from)];
      expect(first).toContain('Message-ID: <019aafeb-4c60-7cf3-9b5c-0a1b2c3d4e5f@example.com>');
      expect(again).toContain('Message-ID: <019aafeb-4c60-7cf3-9b5c-0a1b2c3d4e5f@example.com>');
    },
  );

  it.each([
    'ann@example.com\r\nBcc: bob@example.com',
    'ann@example.com\nBcc: bob@example.com',
    'ann@example.com\u2028Bcc: bob@example.com',
    'ann@example.com, bob@example.com',
    'ann@example.com;bob@example.com',
    'Bob <bob@example.com>',
    'ann@example.com>\r\n',
    'ann@bob@example.com',
    '"ann"@example.com',
    '',
  ])('refuses the recipient %j', async (to) => {
    await expect(headersOf({ to })).rejects.toMatchObject({ code: 'recipient_not_one_plain_address' });
  });

  it.each(['Hello\r\nBcc: bob@example.com', 'Hello\nBcc: bob@example.com', 'Hello\u2028there', 'Hello\u0000'])(
    'refuses the subject %j',
    async (subject) => {
      await expect(headersOf({ subject })).rejects.toMatchObject({ code: 'subject_not_one_line' });
    },
  );

  it('encodes what is not ASCII', async () => {
    const headers = await headersOf({ subject: 'Grüße', to: 'jos\u00e9@xn--bcher-kva.de' });
    expect(headers).toMatch(/^Subject: =\?UTF-8\?Q\?/m);
    expect(headers.match(/^To:/gm)).toHaveLength(1);
  });
});
