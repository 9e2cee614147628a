import { setImmediate } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { newId } from '../shared/ids.js';
import { Mailer } from './mailer.js';
import type { ComposedMail } from './mailer.js';

const MAX_IN_FLIGHT = 100;
const DRAIN_MS = 5_000;

/** Sends mail behind the answer to a request, which it neither delays nor fails: a failure is a line in the log. */
@Injectable()
export class MailDispatch implements OnApplicationShutdown {
  private readonly logger = new Logger(MailDispatch.name);
  private readonly inFlight = new Set<Promise<void>>();

  constructor(private readonly mailer: Mailer) {}

  /**
   * Takes a mail and returns at once; with 100 in flight the mail is dropped.
   * @param allowed is asked behind the answer, too, whether it may be sent
   */
  deliver(mail: ComposedMail, allowed: () => Promise<boolean> = () => Promise.resolve(true)): void {
    const id = newId();
    if (this.inFlight.size >= MAX_IN_FLIGHT) {
      this.logger.error(`Mail ${id} (${mail.purpose}) was dropped: ${MAX_IN_FLIGHT} are in flight already.`);
      return;
    }
    const sending = this.send(id, mail, allowed).finally(() => this.inFlight.delete(sending));
    this.inFlight.add(sending);
  }

  /** Resolves when every mail taken so far has been sent or has failed. */
  async drain(): Promise<void> {
    await Promise.all(this.inFlight);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.race([this.drain(), elapsed(DRAIN_MS)]);
    if (this.inFlight.size > 0) this.logger.error(`${this.inFlight.size} mails were not sent before the shutdown.`);
  }

  private async send(id: string, mail: ComposedMail, allowed: () => Promise<boolean>): Promise<void> {
    // Composing takes CPU time: after the answer, or its duration would tell whether there was a mail to send.
    await setImmediate();
    try {
      if (await allowed()) await this.mailer.send({ ...mail, id });
    } catch (error) {
      // A server's reply may quote the address; its code does not.
      this.logger.error(`Mail ${id} (${mail.purpose}) was not sent: ${causeOf(error)}`);
    }
  }
}

/** Does not keep the process alive by itself. */
const elapsed = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds).unref());

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name;
}
