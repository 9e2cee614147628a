import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Clock } from '../shared/clock.js';
import { Mailer } from './mailer.js';
import type { Mail } from './mailer.js';
import { toMimeMessage } from './mime-message.js';

/** Writes each mail as an RFC 5322 file, for development: `<time>-<id>-<purpose>.eml`, so that names sort by time. */
export class FileMailer extends Mailer {
  private readonly transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

  constructor(
    private readonly directory: string,
    private readonly from: string,
    private readonly clock: Clock,
  ) {
    super();
  }

  async send(mail: Mail): Promise<void> {
    const now = this.clock.now();
    const { message } = await this.transport.sendMail(toMimeMessage(mail, this.from, now));
    const name = `${now.toISOString().replaceAll(':', '-')}-${mail.id}-${mail.purpose}.eml`;
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    // Renamed once whole: whoever watches the directory reads no half of a mail.
    const unfinished = join(this.directory, `.${name}`);
    await writeFile(unfinished, message, { mode: 0o600, flag: 'wx' });
    await rename(unfinished, join(this.directory, name));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
