import { clientNetwork } from '../../http/client-address.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import type { EmailAddress } from '../../users/email-address.js';
import type { GuessPolicyName } from './guess-policies.js';

/** One thing that a guess is counted under. */
export interface GuessSubject {
  readonly policy: GuessPolicyName;
  readonly of: readonly string[];
}

/** Wrong passwords for an address: from a device that the account knows, or from wherever. */
export const loginSubjects = (email: EmailAddress, ip: string, deviceId: string | undefined): GuessSubject[] =>
  deviceId === undefined
    ? [
        { policy: 'login', of: [email, clientNetwork(ip)] },
        ...accountSubjects(email),
        { policy: 'login-network', of: [clientNetwork(ip)] },
      ]
    : [{ policy: 'login-device', of: [deviceId] }];

/** Wrong passwords for an address from wherever. Of a network's counts those of this address alone are not known. */
export const accountSubjects = (email: EmailAddress): GuessSubject[] => [{ policy: 'login-account', of: [email] }];

/**
 * Wrong codes for an account: from wherever, or from a device or session that the account knows, which a stranger who has
 * the password cannot spend.
 */
export const secondFactorSubjects = (
  userId: UserId,
  from: { readonly ip: string } | { readonly knownAs: string } | 'anywhere',
): GuessSubject[] => {
  if (from === 'anywhere') return [{ policy: 'second-factor', of: [userId] }];
  if ('knownAs' in from) return [{ policy: 'second-factor', of: [userId, from.knownAs] }];
  return [...secondFactorSubjects(userId, 'anywhere'), { policy: 'login-network', of: [clientNetwork(from.ip)] }];
};

/** Wrong passwords and codes from within a session: whoever holds its token is no stranger, but may be a thief. */
export const sessionSubjects = (sessionId: SessionId): GuessSubject[] => [{ policy: 'session', of: [sessionId] }];
