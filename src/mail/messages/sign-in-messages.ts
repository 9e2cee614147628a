import { GREETING, resetAdvice, whenAndWhere } from './message-context.js';
import type { WriteMessage } from './message-context.js';

const WAS_YOU = 'If it was you: there is nothing you need to do.';

const newSignIn: WriteMessage = ({ appUrl, details }) => ({
  subject: 'A new device has signed in to your account',
  paragraphs: [
    GREETING,
    `your account at ${appUrl} was signed in to from a device that has not signed in to it before.`,
    whenAndWhere(details),
    WAS_YOU,
    ...resetAdvice(appUrl),
  ],
});

const signInAfterFailures: WriteMessage = ({ appUrl, details }) => ({
  subject: 'A sign-in after several wrong passwords',
  paragraphs: [
    GREETING,
    `your account at ${appUrl} was signed in to. Before that, a wrong password was tried ${timesOf(details.failures)}.`,
    whenAndWhere(details),
    WAS_YOU,
    ...resetAdvice(appUrl),
  ],
});

const timesOf = (failures: number | undefined): string =>
  failures === undefined ? 'several times' : failures === 1 ? 'once' : `${failures} times`;

const signInBlocked: WriteMessage = ({ appUrl, details }) => ({
  subject: 'Sign-ins to your account are blocked',
  paragraphs: [
    GREETING,
    `a hundred wrong passwords in a row were tried for your account at ${appUrl}, maybe by somebody who is guessing. Sign-ins from devices that it does not know are refused until you choose a new password.`,
    whenAndWhere(details),
    'To sign in from a new device, choose a new password with "forgot password" here:',
    { href: appUrl },
    'Nobody has got in by this. A device that has signed in before can go on doing so, with the right password.',
  ],
});

const secondFactorFailing: WriteMessage = ({ appUrl, details }) => ({
  subject: 'Somebody may know your password',
  paragraphs: [
    GREETING,
    `several wrong codes were entered for your account at ${appUrl}, each after the right password. Nobody has got in by this, and further codes have to wait for a while.`,
    whenAndWhere(details),
    WAS_YOU,
    ...resetAdvice(appUrl),
  ],
});

const refreshReuse: WriteMessage = ({ appUrl, details }) => ({
  subject: 'One of your sessions was ended',
  paragraphs: [
    GREETING,
    `a session of your account at ${appUrl} was ended, because a key of it was used that had been replaced before. That happens when somebody has copied it, and now and then when an application was restored from an old copy.`,
    whenAndWhere(details),
    'You need to sign in again where you were signed out:',
    { href: appUrl },
    'If it keeps happening, or you cannot explain it: look for unwanted software on the device that was signed out, and choose a new password with "forgot password", which signs out everyone who is signed in to your account.',
  ],
});

export const signInMessages = {
  new_sign_in: newSignIn,
  sign_in_after_failures: signInAfterFailures,
  sign_in_blocked: signInBlocked,
  second_factor_failing: secondFactorFailing,
  refresh_reuse: refreshReuse,
} as const;
