import type { MailPurpose } from './mail-job.js';

export interface Mail {
  /** Of what is owed, which stays the same however often it is tried. */
  readonly id: string;
  readonly purpose: MailPurpose;
  /** One normalised address, without a display name. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A mail as its words are found; the sender gives it its id. */
export type ComposedMail = Omit<Mail, 'id'>;

/** No later try of this mail can do better: its recipient, or the mail itself, was refused for good. */
export class UndeliverableError extends Error {
  override readonly name = 'UndeliverableError';

  /** @param code says the cause without the address, which a server's own words may quote */
  constructor(readonly code: string) {
    super(`the mail cannot be delivered: ${code}`);
  }
}

/** Hands a mail over. Use cases do not call it: they owe mail to the `Outbox`, and `MailSender` sends it. */
export abstract class Mailer {
  /**
   * @throws UndeliverableError where trying again is of no use; otherwise whatever kept the mail from being handed over
   */
  abstract send(mail: Mail): Promise<void>;
  abstract close(): Promise<void>;
}
