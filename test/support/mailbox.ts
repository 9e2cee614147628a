import { Mailbox as Files } from '../../packages/testkit/src/mailbox.js';
import type { TestApp } from './test-app.js';

export { readMail } from '../../packages/testkit/src/mailbox.js';
export type { ReceivedMail } from '../../packages/testkit/src/mailbox.js';

/** The mail that a service under test writes to files. */
export class Mailbox extends Files {
  static of({ config: { mail } }: Pick<TestApp, 'config'>): Mailbox {
    if (mail.kind !== 'files') throw new Error('this service writes no mail to files');
    return new Mailbox(mail.directory);
  }
}
