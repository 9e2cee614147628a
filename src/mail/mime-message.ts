import type { SendMailOptions } from 'nodemailer';
import type { Mail } from './mailer.js';

/** One address: what could end a header, or add a recipient, makes it none. */
const ONE_ADDRESS = /^[^\p{C}\p{Z}\s@<>(),;:"\\[\]]+@[^\p{C}\p{Z}\s@<>(),;:"\\[\]]+$/u;
const LINE_END = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/**
 * Puts a mail in nodemailer's terms, with the headers that keep answering machines quiet (RFC 3834 §5).
 * @throws Error where an address or subject could change the headers
 */
export function toMimeMessage(mail: Mail, from: string, date: Date): SendMailOptions {
  if (!ONE_ADDRESS.test(mail.to)) throw new Error('the recipient is not one plain address');
  if (LINE_END.test(mail.subject)) throw new Error('the subject is not one line');
  return {
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
