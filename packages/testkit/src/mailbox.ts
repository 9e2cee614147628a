import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import PostalMime from 'postal-mime';

const LOOK_EVERY_MS = 25;
const WAIT_MS = 10_000;

/** A mail as whoever gets it reads it. */
export interface ReceivedMail {
  /** What it is about, such as `verify_email` or `password_reset`. */
  readonly purpose: string;
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

/** Reads a mail as RFC 5322 has it. */
export async function readMail(source: Buffer, purpose = ''): Promise<ReceivedMail> {
  const { subject = '', text = '', html = '', to = [], messageId } = await PostalMime.parse(source);
  const plain = text.replaceAll('\r\n', '\n');
  const link = /^https?:\/\/\S+#token=\S+$/m.exec(plain)?.[0];
  return {
    purpose,
    subject,
    text: plain,
    html,
    to: to.map(({ address = '' }) => address),
    messageId,
    link,
    token: link?.split('#token=')[1],
    source: source.toString('latin1'),
  };
}

/** The mail that a service writes to files. */
export class Mailbox {
  constructor(private readonly directory: string) {}

  /** All that has come, the newest last. */
  async mail(purpose?: string): Promise<ReceivedMail[]> {
    const wanted = this.names().filter((name) => purpose === undefined || purposeOf(name) === purpose);
    return Promise.all(wanted.map((name) => readMail(readFileSync(path.join(this.directory, name)), purposeOf(name))));
  }

  /** What has come to an address, the newest last. */
  async mailTo(address: string, purpose?: string): Promise<ReceivedMail[]> {
    return (await this.mail(purpose)).filter(({ to }) => to.includes(address));
  }

  /**
   * Waits for a mail: it is sent behind the answer that caused it.
   * @param nth which of this purpose to this address, from 1
   * @throws Error where none has come within ten seconds
   */
  async eventuallyMail(address: string, purpose: string, nth = 1): Promise<ReceivedMail> {
    const until = performance.now() + WAIT_MS;
    while (performance.now() < until) {
      const found = (await this.mailTo(address, purpose))[nth - 1];
      if (found) return found;
      await delay(LOOK_EVERY_MS);
    }
    throw new Error(`No mail ${nth} of ${purpose} to ${address} has come.`);
  }

  clear(): void {
    for (const name of this.names()) rmSync(path.join(this.directory, name), { force: true });
  }

  /** A name that begins with a dot is that of a mail which is still being written. */
  private names(): string[] {
    if (!existsSync(this.directory)) return [];
    return readdirSync(this.directory)
      .filter((name) => name.endsWith('.eml') && !name.startsWith('.'))
      .sort();
  }
}

/** `<time>-<id>-<purpose>.eml` */
const purposeOf = (name: string): string => /-([a-z_]+)\.eml$/.exec(name)?.[1] ?? '';
