import { composeMail } from '../compose-mail.js';
import type { Mail } from '../mailer.js';

export interface RegistrationAttempt {
  readonly to: string;
  readonly at: Date;
  /** The client's address. Nothing else of the request is told: a stranger chose the rest of it. */
  readonly ip: string;
  readonly appUrl: string;
}

/** Tells the owner of an address that someone tried to register it again: the caller was not told that it is taken. */
export const registrationAttempt = ({ to, at, ip, appUrl }: RegistrationAttempt): Mail =>
  composeMail({ purpose: 'registration_attempt', to, subject: 'Someone tried to register with your address' }, [
    'Hello,',
    `someone tried to create an account at ${appUrl} with this e-mail address. You already have one, so nothing was created and nothing of yours was changed.`,
    `When: ${at.toUTCString()}. From the network address: ${ip}.`,
    `If it was you: sign in at ${appUrl} with the password you have.`,
    'If it was not you: there is nothing you need to do. Whoever it was has not learnt that the account exists.',
  ]);
