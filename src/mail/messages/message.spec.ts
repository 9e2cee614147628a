import { createTransport } from 'nodemailer';
import PostalMime from 'postal-mime';
import { isLinkPurpose } from '../../shared/link-lives.js';
import { MAIL_PURPOSES } from '../mail-job.js';
import type { MailPurpose } from '../mail-job.js';
import type { ComposedMail } from '../mailer.js';
import { toMimeMessage } from '../mime-message.js';
import { composeMessage } from './message.js';
import type { MessageContext } from './message-context.js';

const LINK_PURPOSES = MAIL_PURPOSES.filter(isLinkPurpose);
const BY_ADMINS: readonly MailPurpose[] = ['invitation', 'account_unlocked'];

/** As long as an address gets: with a path, and a token that quoted-printable has to escape. */
const context: MessageContext = {
  to: 'ann@example.com',
  appUrl: `https://${'app.'.repeat(30)}example.com/accounts`,
  link: `https://${'app.'.repeat(30)}example.com/accounts/reset-password#token=ab_=3D=_${'x-Y'.repeat(30)}==`,
  details: { at: '2026-11-24T06:14:00.250Z', ip: '2001:db8::7', failures: 7 },
};

const writeTo = (purpose: MailPurpose, changes: Partial<MessageContext> = {}): ComposedMail => {
  const { link, ...rest } = { ...context, ...changes };
  return composeMessage(purpose, isLinkPurpose(purpose) ? { ...rest, link } : rest);
};

/** What a reader of the HTML sees, with what its links lead to. */
function readHtml(html: string): string {
  const body = /<body>\n([^]*)\n<\/body>/.exec(html)?.[1] ?? '';
  const paragraphs = body.split('\n').map((line) => {
    const inner = /^<p>(.*)<\/p>$/.exec(line)?.[1] ?? 'not a paragraph';
    const [, href, label] = /^<a href="([^"]*)">(.*)<\/a>$/.exec(inner) ?? [];
    expect(label).toBe(href);
    return label ?? inner;
  });
  const text = paragraphs.join('\n\n');
  expect(text).not.toMatch(/[<>"']/);
  return `${text}\n`
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

describe.each(MAIL_PURPOSES)('the message of %s', (purpose) => {
  const mail = writeTo(purpose);
  const isByAdmin = BY_ADMINS.includes(purpose);

  it('goes to the address that it was written for, under a subject of one line of ASCII', () => {
    expect(mail).toMatchObject({ purpose, to: 'ann@example.com' });
    expect(mail.subject).toMatch(/^[\x20-\x7e]{10,60}$/);
  });

  it('says the same in text and in HTML', () => {
    expect(readHtml(mail.html)).toBe(mail.text);
  });

  it('says what service it is about, when it happened in UTC, and what to do', () => {
    expect(mail.text).toMatch(/^Hello,\n\n/);
    expect(mail.text).toContain(context.appUrl);
    expect(mail.text).toContain('When: Tue, 24 Nov 2026 06:14:00 UTC.');
    expect(mail.text).toMatch(/\bIf |Nobody has got in/);
    expect(mail.text).not.toMatch(/undefined|null|NaN|\[object|Invalid/);
  });

  it(isByAdmin ? 'keeps the network address of the admin to itself' : 'says from which network address', () => {
    expect(mail.text.includes('2001:db8::7')).toBe(!isByAdmin);
  });

  it('leaves out a network address that is not known, or is that of an admin', () => {
    const { at, ip } = context.details;
    for (const details of [{ at }, { at, ip, by: 'admin' as const }]) {
      const { text } = writeTo(purpose, { details });
      expect(text).not.toContain('network address');
      expect(text).not.toMatch(/undefined|null|NaN/);
    }
  });

  it('arrives as it was written', async () => {
    const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
    const at = new Date(context.details.at);
    const sent = await transport.sendMail(toMimeMessage({ ...mail, id: 'id' }, 'no-reply@example.com', at));
    if (!Buffer.isBuffer(sent.message)) throw new Error('not buffered');
    const source = sent.message.toString('latin1');
    const arrived = await PostalMime.parse(sent.message);
    expect(arrived.subject).toBe(mail.subject);
    expect(arrived.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(mail.text.trimEnd());
    expect(arrived.html?.replaceAll('\r\n', '\n').trimEnd()).toBe(mail.html.trimEnd());
    expect(Math.max(...source.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78);
  });

  if (!isLinkPurpose(purpose)) return;

  it('has its link whole, on a line of its own and to click', () => {
    expect(mail.text.split('\n')).toContain(context.link);
    expect(mail.html).toContain(`<a href="${context.link ?? ''}">`);
  });

  it('is not written without a link', () => {
    expect(() => composeMessage(purpose, { ...context, link: undefined })).toThrow('needs a link');
  });
});

describe('the messages', () => {
  it('tell how long each link lives', () => {
    const lives = LINK_PURPOSES.map((purpose) => / for ([^,]+), and only/.exec(writeTo(purpose).text)?.[1]);
    expect(Object.fromEntries(LINK_PURPOSES.map((purpose, at) => [purpose, lives[at]]))).toEqual({
      verify_email: '24 hours',
      password_reset: '30 minutes',
      email_change: '1 hour',
      invitation: '7 days',
    });
  });

  it.each(['password_reset', 'mfa_disabled', 'account_deleted'] as const)(
    'say of %s whether it was an admin',
    (purpose) => {
      const { at } = context.details;
      expect(writeTo(purpose).text).not.toContain('administrator');
      expect(writeTo(purpose, { details: { at, by: 'admin' } }).text).toContain('an administrator of https://app.');
    },
  );

  it.each([
    [1, 'was tried once.'],
    [7, 'was tried 7 times.'],
    [undefined, 'was tried several times.'],
  ])('count %p failures before a sign-in', (failures, words) => {
    const { at } = context.details;
    expect(writeTo('sign_in_after_failures', { details: { at, failures } }).text).toContain(words);
  });

  it('have subjects that tell one from another', () => {
    expect(new Set(MAIL_PURPOSES.map((purpose) => writeTo(purpose).subject)).size).toBe(MAIL_PURPOSES.length);
  });
});
