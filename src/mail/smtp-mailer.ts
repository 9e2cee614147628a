import { createTransport } from 'nodemailer';
import type { Clock } from '../shared/clock.js';
import type { Secret } from '../shared/secret.js';
import { Mailer, UndeliverableError } from './mailer.js';
import type { Mail } from './mailer.js';
import { toMimeMessage } from './mime-message.js';

const CONNECTIONS = 3;
const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 30_000;
/** For all of one mail: a server that trickles its answers never lets a socket time out. */
const SEND_TIMEOUT_MS = 60_000;

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
    const message = toMimeMessage(mail, this.from, this.clock.now());
    try {
      await this.transport.sendMail({ ...message, signal: AbortSignal.timeout(SEND_TIMEOUT_MS) });
    } catch (error) {
      throw refusalIn(error) ?? error;
    }
  }

  /** Whoever closes has waited long enough: a mail that is still under way fails. */
  close(): Promise<void> {
    this.transport.close({ force: true });
    return Promise.resolve();
  }
}

/**
 * Tells a refusal of this recipient or this mail (RFC 5321 §4.2.2) from one of the sender, the login or the connection,
 * which whoever runs the service can mend.
 */
function refusalIn(error: unknown): UndeliverableError | undefined {
  if (!(error instanceof Error) || !('responseCode' in error) || !('command' in error)) return undefined;
  const { responseCode, command } = error;
  const isFinal = typeof responseCode === 'number' && responseCode >= 550 && responseCode <= 554;
  return isFinal && (command === 'RCPT TO' || command === 'DATA')
    ? new UndeliverableError(`smtp_${responseCode}`)
    : undefined;
}
