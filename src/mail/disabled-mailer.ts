import { Mailer } from './mailer.js';

/** `MAIL=off`: nothing is sent. */
export class DisabledMailer extends Mailer {
  send(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
