import type { Paragraph } from '../compose-mail.js';
import type { MailDetails } from '../mail-job.js';

export interface MessageContext {
  /** One normalised address. */
  readonly to: string;
  /** Where the frontend is; names the service, too. */
  readonly appUrl: string;
  /** Of the purposes that have one: the whole address, with its token. */
  readonly link?: string | undefined;
  readonly details: MailDetails;
}

interface Message {
  /** One line of ASCII. */
  readonly subject: string;
  readonly paragraphs: readonly Paragraph[];
}

export type WriteMessage = (context: MessageContext) => Message;

export const GREETING = 'Hello,';

/** The time in UTC, and the network address where it is known: an admin's is left out, since it is not the owner's business. */
export function whenAndWhere({ at, ip, by }: MailDetails): string {
  const when = `When: ${new Date(at).toUTCString().replace('GMT', 'UTC')}.`;
  return ip === undefined || by === 'admin' ? when : `${when} From the network address: ${ip}.`;
}

/** What always helps who lost a password to someone: the reset, which ends every session. */
export const resetAdvice = (appUrl: string): readonly Paragraph[] => [
  'If it was not you, somebody else may know your password. Choose a new one right away, with "forgot password" at the address below; that signs out everyone who is signed in to your account.',
  { href: appUrl },
];
