import type { SendMailOptions } from 'nodemailer';
import { UndeliverableError } from './mailer.js';
import type { Mail } from './mailer.js';

/** One address: what could end a header, or add a recipient, makes it none. */
const ONE_ADDRESS = /^[^\p{C}\p{Z}\s@<>(),;:"\\[\]]+@[^\p{C}\p{Z}\s@<>(),;:"\\[\]]+$/u;
const LINE_END = /[\p{Cc}\p{Zl}\p{Zp}]/u;
/** The host of `a@host` and of `Name <a@host>`. */
const HOST_OF_SENDER = /@([^@<>\s]+)>?$/;

/**
 * Puts a mail in nodemailer's terms, with the headers that keep answering machines quiet (RFC 3834 §5). The Message-ID
 * follows from the mail's id, so that a mail that had to be sent again can be recognised (RFC 5322 §3.6.4).
 * @throws UndeliverableError where an address or subject could change the headers
 */
export function toMimeMessage(mail: Mail, from: string, date: Date): SendMailOptions {
  if (!ONE_ADDRESS.test(mail.to)) throw new UndeliverableError('recipient_not_one_plain_address');
  if (LINE_END.test(mail.subject)) throw new UndeliverableError('subject_not_one_line');
  return {
    messageId: `<${mail.id}@${HOST_OF_SENDER.exec(from)?.[1] ?? 'localhost'}>`,
    from,
    to: { name: '', address: mail.to },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    date,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
