import { LINK_LIFE_SECONDS } from '../../shared/link-lives.js';
import type { LinkPurpose } from '../../shared/link-lives.js';
import type { Paragraph } from '../compose-mail.js';
import { GREETING, whenAndWhere } from './message-context.js';
import type { MessageContext, WriteMessage } from './message-context.js';

const counted = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;

function inWords(seconds: number): string {
  const [minutes, hours, days] = [seconds / 60, seconds / 3_600, seconds / 86_400];
  if (days > 1) return counted(days, 'day');
  return hours >= 1 ? counted(hours, 'hour') : counted(minutes, 'minute');
}

/** @throws Error where the link is missing: better late than a mail that asks for what it does not bring */
function linkOf(purpose: LinkPurpose, { link }: MessageContext): readonly Paragraph[] {
  if (link === undefined) throw new Error(`a mail of ${purpose} needs a link`);
  return [
    { href: link },
    `The link works once, for ${inWords(LINK_LIFE_SECONDS[purpose])}, and only until a newer one is sent. Please keep it to yourself.`,
  ];
}

const verifyEmail: WriteMessage = (context) => ({
  subject: 'Please confirm your e-mail address',
  paragraphs: [
    GREETING,
    `this e-mail address was given for an account at ${context.appUrl}. If it was you, confirm the address by this link:`,
    ...linkOf('verify_email', context),
    whenAndWhere(context.details),
    ...(context.details.again === true ? registeredAgain(context) : []),
    'If it was not you: there is nothing you need to do. Without the link nobody can confirm the address.',
  ],
});

/** Somebody else may have been the later one: whose password it is then, the link does not show. */
const registeredAgain = ({ appUrl }: MessageContext): readonly Paragraph[] => [
  'The address was registered before, and the password of the latest registration is the one that counts. If you are not sure that the latest was you, do not use this link: choose a password of your own with "forgot password" at the address below, which confirms your address, too.',
  { href: appUrl },
];

const passwordReset: WriteMessage = (context) => ({
  subject: 'Choose a new password',
  paragraphs: [
    GREETING,
    context.details.by === 'admin'
      ? `an administrator of ${context.appUrl} asks you to choose a new password for your account. You can by this link:`
      : `somebody asked for a new password for your account at ${context.appUrl}. If it was you, choose it by this link:`,
    ...linkOf('password_reset', context),
    'It signs out everyone who is signed in to your account.',
    whenAndWhere(context.details),
    'If you did not expect this: there is nothing you need to do. Without the link nobody can choose a password for you.',
  ],
});

const invitation: WriteMessage = (context) => ({
  subject: 'You are invited to an account',
  paragraphs: [
    GREETING,
    `an administrator has made an account for you at ${context.appUrl}. Accept it, and choose a password, by this link:`,
    ...linkOf('invitation', context),
    whenAndWhere({ ...context.details, by: 'admin' }),
    'If you do not know what this is about: there is nothing you need to do. Without the link nobody can use the account.',
  ],
});

const emailChange: WriteMessage = (context) => ({
  subject: 'Please confirm your new e-mail address',
  paragraphs: [
    GREETING,
    `somebody asked to make this the e-mail address of an account at ${context.appUrl}. If it was you, confirm it by this link:`,
    ...linkOf('email_change', context),
    whenAndWhere(context.details),
    'If it was not you: there is nothing you need to do. Without the link the account does not get this address.',
  ],
});

export const linkMessages = {
  verify_email: verifyEmail,
  password_reset: passwordReset,
  invitation,
  email_change: emailChange,
} as const satisfies Readonly<Record<LinkPurpose, WriteMessage>>;
