import { GREETING, whenAndWhere } from './message-context.js';
import type { WriteMessage } from './message-context.js';

const NOT_TOLD = 'Whoever it was has not learnt that you have an account.';

/** To the owner of an address that someone tried to register again: the caller was not told that it is taken. */
const registrationAttempt: WriteMessage = ({ appUrl, details }) => ({
  subject: 'Someone tried to register with your address',
  paragraphs: [
    GREETING,
    `someone tried to create an account at ${appUrl} with this e-mail address. You already have one, so nothing was created and nothing of yours was changed.`,
    whenAndWhere(details),
    'If it was you: sign in with the password you have, or use "forgot password", here:',
    { href: appUrl },
    `If it was not you: there is nothing you need to do. ${NOT_TOLD}`,
  ],
});

/** To the owner of an address that another account asked to move to. */
const emailClaimed: WriteMessage = ({ appUrl, details }) => ({
  subject: 'Someone tried to move an account to your address',
  paragraphs: [
    GREETING,
    `someone asked to make this the e-mail address of another account at ${appUrl}. Your account has it, so nothing was changed.`,
    whenAndWhere(details),
    'If it was you: an address can belong to one account only. Give this one up first, by moving the account that has it to another address or deleting it:',
    { href: appUrl },
    `If it was not you: there is nothing you need to do. ${NOT_TOLD}`,
  ],
});

/** To the address that the account still has. */
const emailChangeRequested: WriteMessage = ({ appUrl, details }) => ({
  subject: 'Your account is to get another e-mail address',
  paragraphs: [
    GREETING,
    `somebody who knows your password asked to give your account at ${appUrl} another e-mail address. Nothing has changed yet: it does once the new address is confirmed.`,
    whenAndWhere(details),
    'If it was you: all you need is the mail that went to the new address.',
    'If it was not you: choose a new password right away, with "forgot password" at the address below, while mail about your account still comes here.',
    { href: appUrl },
  ],
});

/** To the address that the account had until now. */
const emailChanged: WriteMessage = ({ appUrl, details }) => ({
  subject: 'Your account has another e-mail address now',
  paragraphs: [
    GREETING,
    `the e-mail address of your account at ${appUrl} was changed. From now on, mail about the account goes to the new address, and no longer here.`,
    whenAndWhere(details),
    'If it was not you: tell those who run the service right away. This address cannot get the account back by itself.',
    { href: appUrl },
  ],
});

export const addressMessages = {
  registration_attempt: registrationAttempt,
  email_claimed: emailClaimed,
  email_change_requested: emailChangeRequested,
  email_changed: emailChanged,
} as const;
