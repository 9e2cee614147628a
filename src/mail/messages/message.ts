import { composeMail } from '../compose-mail.js';
import type { MailPurpose } from '../mail-job.js';
import type { ComposedMail } from '../mailer.js';
import { accountMessages } from './account-messages.js';
import { addressMessages } from './address-messages.js';
import { linkMessages } from './link-messages.js';
import type { MessageContext, WriteMessage } from './message-context.js';
import { signInMessages } from './sign-in-messages.js';

/** A purpose without a message does not compile. */
const MESSAGES: Readonly<Record<MailPurpose, WriteMessage>> = {
  ...linkMessages,
  ...addressMessages,
  ...accountMessages,
  ...signInMessages,
};

/**
 * Writes the mail of a purpose.
 * @throws Error where it needs a link and there is none
 */
export function composeMessage(purpose: MailPurpose, context: MessageContext): ComposedMail {
  const { subject, paragraphs } = MESSAGES[purpose](context);
  return composeMail({ purpose, to: context.to, subject }, paragraphs);
}
