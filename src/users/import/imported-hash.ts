import { ARGON2ID_LIMITS, argon2idParameters, isWithinLimits } from '../passwords/argon2id-hash.js';
import { BCRYPT_COSTS, bcryptCost, isBcryptHash } from '../passwords/bcrypt-hash.js';

/** @returns why a password hash cannot be imported, without any of it; undefined where it can */
export function faultOfHash(encoded: string): string | undefined {
  if (bcryptCost(encoded) !== undefined) {
    const { least, most } = BCRYPT_COSTS;
    return isBcryptHash(encoded) ? undefined : `must have a bcrypt cost of ${least} to ${most}`;
  }
  const parameters = argon2idParameters(encoded);
  if (!parameters) {
    return 'must be a bcrypt hash ($2a$, $2b$ or $2y$) or an Argon2id hash ($argon2id$v=19$m=…,t=…,p=…$…$…)';
  }
  const { memoryKiB, passes, lanes } = ARGON2ID_LIMITS;
  return isWithinLimits(parameters)
    ? undefined
    : `must have Argon2id parameters of m=8 for each of p to m=${memoryKiB}, at most t=${passes} and p=${lanes}`;
}
