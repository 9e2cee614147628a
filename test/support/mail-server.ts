import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { freePort } from './free-port.js';
import { readMail } from './mailbox.js';
import type { ReceivedMail } from './mailbox.js';

/** What a mail server takes, refuses or lets wait; undefined is "taken". */
export interface MailServerBehaviour {
  /** @returns the code that it answers to this recipient with, such as 550 */
  recipient?: (address: string) => number | undefined;
  /** Done before the mail is taken. */
  message?: (mail: ReceivedMail) => Promise<void> | void;
}

export interface DeliveredMail extends ReceivedMail {
  readonly overTls: boolean;
}

/** An SMTP server (RFC 5321) on the loopback, that a test can stop and start. */
export class MailServer {
  readonly delivered: DeliveredMail[] = [];
  behaviour: MailServerBehaviour = {};
  private server: SMTPServer | undefined;

  private constructor(
    private readonly port: number,
    private readonly startTls: 'offered' | 'hidden',
  ) {}

  static async start(startTls: 'offered' | 'hidden' = 'hidden'): Promise<MailServer> {
    const server = new MailServer(await freePort(), startTls);
    await server.start();
    return server;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** Who got mail, in order of its coming. */
  get recipients(): string[] {
    return this.delivered.flatMap(({ to }) => to);
  }

  async start(): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      disableReverseLookup: true,
      disabledCommands: this.startTls === 'offered' ? ['AUTH'] : ['AUTH', 'STARTTLS'],
      closeTimeout: 100,
      onRcptTo: ({ address }, _session, callback) => {
        const responseCode = this.behaviour.recipient?.(address);
        if (responseCode === undefined) callback();
        else callback(Object.assign(new Error(`no such mailbox: ${address}`), { responseCode }));
      },
      onData: (stream, { secure }, callback) => {
        this.take(stream, secure).then(() => {
          callback();
        }, callback);
      },
    });
    server.on('error', () => undefined);
    server.listen(this.port, '127.0.0.1');
    await once(server.server, 'listening');
    this.server = server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server)
      await new Promise<void>((resolve) => {
        server.close(resolve);
      });
  }

  private async take(stream: NodeJS.ReadableStream, overTls: boolean): Promise<void> {
    const mail = await readMail(await buffer(stream));
    await this.behaviour.message?.(mail);
    this.delivered.push({ ...mail, overTls });
  }
}
