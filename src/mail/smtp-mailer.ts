import { createTransport } from 'nodemailer';
import type { Clock } from '../shared/clock.js';
import type { Secret } from '../shared/secret.js';
import { Mailer } from './mailer.js';
import type { Mail } from './mailer.js';
import { toMimeMessage } from './mime-message.js';

const CONNECTIONS = 3;
const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 30_000;

/** Sends over a small pool of SMTP connections. `smtps://` is TLS from the start; `smtp://` upgrades where the server offers it, and must with `?requireTLS=true`. */
export class SmtpMailer extends Mailer {
  private readonly transport;

  constructor(
    url: Secret,
    private readonly from: string,
    private readonly clock: Clock,
  ) {
    super();
    this.transport = createTransport({
      url: url.reveal(),
      pool: true,
      maxConnections: CONNECTIONS,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      greetingTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
    });
  }

  async send(mail: Mail): Promise<void> {
    await this.transport.sendMail(toMimeMessage(mail, this.from, this.clock.now()));
  }

  close(): Promise<void> {
    this.transport.close();
    return Promise.resolve();
  }
}
