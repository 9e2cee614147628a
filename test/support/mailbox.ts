import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import PostalMime from 'postal-mime';
import type { MailPurpose } from '../../src/mail/mail-job.js';
import { eventuallyFound } from './eventually.js';
import type { TestApp } from './test-app.js';

/** A mail as whoever gets it reads it. */
export interface ReceivedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly to: readonly string[];
  readonly messageId: string | undefined;
  /** The first address in the text that carries a token, and the token. */
  readonly link: string | undefined;
  readonly token: string | undefined;
  /** As it came over the wire. */
  readonly source: string;
}

export async function readMail(source: Buffer): Promise<ReceivedMail> {
  const { subject = '', text = '', html = '', to = [], messageId } = await PostalMime.parse(source);
  const link = /^https?:\/\/\S+#token=\S+$/m.exec(text.replaceAll('\r\n', '\n'))?.[0];
  return {
    subject,
    text: text.replaceAll('\r\n', '\n'),
    html,
    to: to.map(({ address = '' }) => address),
    messageId,
    link,
    token: link?.split('#token=')[1],
    source: source.toString('latin1'),
  };
}

/** The mail that a service under test writes to files. */
export class Mailbox {
  constructor(private readonly directory: string) {}

  static of({ config: { mail } }: Pick<TestApp, 'config'>): Mailbox {
    if (mail.kind !== 'files') throw new Error('this service writes no mail to files');
    return new Mailbox(mail.directory);
  }

  /** What has come so far, the newest last. */
  async mailTo(address: string, purpose?: MailPurpose): Promise<ReceivedMail[]> {
    if (!existsSync(this.directory)) return [];
    // A name that begins with a dot is that of a mail which is still being written.
    const names = readdirSync(this.directory).filter((name) => !name.startsWith('.'));
    const wanted = names.filter((name) => purpose === undefined || name.endsWith(`-${purpose}.eml`)).sort();
    const mails = await Promise.all(wanted.map((name) => readMail(readFileSync(path.join(this.directory, name)))));
    return mails.filter(({ to }) => to.includes(address));
  }

  /**
   * Waits for a mail.
   * @param nth which of this purpose to this address, from 1
   */
  eventuallyMail(address: string, purpose: MailPurpose, nth = 1): Promise<ReceivedMail> {
    const what = `mail ${nth} of ${purpose} to ${address}`;
    return eventuallyFound(what, async () => (await this.mailTo(address, purpose))[nth - 1]);
  }
}
