/** What a mail is about; the only thing besides its id that a log line says of it. */
type MailPurpose = 'registration_attempt';

export interface Mail {
  readonly purpose: MailPurpose;
  /** One normalised address, without a display name. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Hands a mail over. Use cases do not call it: `MailDispatch` neither delays nor fails them. */
export abstract class Mailer {
  /** @throws whatever kept the mail from being handed over */
  abstract send(mail: Mail): Promise<void>;
  abstract close(): Promise<void>;
}
