import { GREETING, resetAdvice, whenAndWhere } from './message-context.js';
import type { WriteMessage } from './message-context.js';

const ASK_ADMIN = 'If you do not know why, ask those who run the service.';

/** After a change as well as after a reset. */
const passwordChanged: WriteMessage = ({ appUrl, details }) => ({
  subject: 'Your password was changed',
  paragraphs: [
    GREETING,
    `the password of your account at ${appUrl} was changed, and whoever else was signed in was signed out.`,
    whenAndWhere(details),
    'If it was you: there is nothing else to do.',
    ...resetAdvice(appUrl),
    'Look after your mailbox, too: whoever can read this mail can choose your password.',
  ],
});

const mfaEnabled: WriteMessage = ({ appUrl, details }) => ({
  subject: 'Two-step sign-in was switched on',
  paragraphs: [
    GREETING,
    `signing in to your account at ${appUrl} now takes a code from an authenticator app besides the password.`,
    whenAndWhere(details),
    'If it was you: keep the recovery codes in a safe place.',
    ...resetAdvice(appUrl),
    'After that, the codes still come from an app that is not yours: ask those who run the service to reset them.',
  ],
});

const mfaDisabled: WriteMessage = ({ appUrl, details }) => ({
  subject: 'Two-step sign-in was switched off',
  paragraphs: [
    GREETING,
    details.by === 'admin'
      ? `an administrator of ${appUrl} has switched off two-step sign-in for your account. The password alone is enough now; you can switch it on again once you have signed in.`
      : `signing in to your account at ${appUrl} no longer takes a code: the password alone is enough now.`,
    whenAndWhere(details),
    ...(details.by === 'admin' ? [ASK_ADMIN, { href: appUrl }] : resetAdvice(appUrl)),
  ],
});

const recoveryCodesReplaced: WriteMessage = ({ appUrl, details }) => ({
  subject: 'You have new recovery codes',
  paragraphs: [
    GREETING,
    `new recovery codes were made for your account at ${appUrl}. The old ones no longer work.`,
    whenAndWhere(details),
    'If it was you: keep the new ones in a safe place.',
    ...resetAdvice(appUrl),
    'Then switch two-step sign-in off and on again, which ends these codes.',
  ],
});

const accountDeleted: WriteMessage = ({ appUrl, details }) => ({
  subject: 'Your account was deleted',
  paragraphs: [
    GREETING,
    details.by === 'admin'
      ? `an administrator of ${appUrl} has deleted your account, and all its sessions with it.`
      : `your account at ${appUrl} was deleted, and all its sessions with it.`,
    whenAndWhere(details),
    details.by === 'admin' ? ASK_ADMIN : 'If it was not you: tell those who run the service right away.',
    'This is the last mail about the account.',
  ],
});

const accountUnlocked: WriteMessage = ({ appUrl, details }) => ({
  subject: 'You can sign in again',
  paragraphs: [
    GREETING,
    `sign-ins to your account at ${appUrl} were held up after many wrong passwords. An administrator has lifted that: you can sign in again.`,
    whenAndWhere({ ...details, by: 'admin' }),
    'If the wrong passwords were not yours, somebody is trying to get in. A long password that you use nowhere else keeps them out:',
    { href: appUrl },
  ],
});

export const accountMessages = {
  password_changed: passwordChanged,
  mfa_enabled: mfaEnabled,
  mfa_disabled: mfaDisabled,
  recovery_codes_replaced: recoveryCodesReplaced,
  account_deleted: accountDeleted,
  account_unlocked: accountUnlocked,
} as const;
