import type { Mode } from './mode.js';
import { isDerived } from './parsers/secrets.js';
import { isHttps } from './parsers/web-address.js';
import { writeDuration } from './parsers/duration.js';
import type { Environment, VariableName } from './schema.js';
import { environmentSchema } from './schema.js';

/** What variables mean to one another. It is asked only where all the variables that it looks at are sound by themselves. */
interface Rule {
  readonly on: VariableName;
  readonly with: readonly VariableName[];
  readonly message: string | ((environment: Environment) => string);
  readonly holds: (environment: Environment) => boolean;
}

// OWASP ASVS 5.0, appendix C: the fewer passes, the more memory.
const leastMemoryKiB = (passes: number): number => (passes === 1 ? 47_104 : passes === 2 ? 19_456 : 12_288);
const MOST_PASSWORD = { codePoints: 128, bytes: 512 };

const always: readonly Rule[] = [
  {
    on: 'REFRESH_SECRET',
    with: ['JWT_SECRET'],
    message: 'must share nothing with JWT_SECRET, which resource servers know under HS256',
    holds: (is) => is.REFRESH_SECRET.every((secret) => !isDerived(secret.reveal(), is.JWT_SECRET)),
  },
  {
    on: 'REFRESH_EXPIRE',
    with: ['JWT_EXPIRE'],
    message: (is) => `must be longer than JWT_EXPIRE (${writeDuration(is.JWT_EXPIRE)})`,
    holds: (is) => is.REFRESH_EXPIRE > is.JWT_EXPIRE,
  },
  {
    on: 'SESSION_MAX_AGE',
    with: ['REFRESH_EXPIRE'],
    message: 'must be at least REFRESH_EXPIRE',
    holds: (is) => is.SESSION_MAX_AGE >= is.REFRESH_EXPIRE,
  },
  {
    on: 'ARGON2_MEMORY',
    with: ['ARGON2_TIME'],
    message: 'must be at least 47104 (KiB) where ARGON2_TIME is 1, 19456 where it is 2, 12288 where it is more',
    holds: (is) => is.ARGON2_MEMORY >= leastMemoryKiB(is.ARGON2_TIME),
  },
  {
    on: 'SMTP_URL',
    with: ['MAIL'],
    message: 'is required where MAIL is smtp',
    holds: (is) => is.MAIL !== 'smtp' || is.SMTP_URL !== undefined,
  },
  {
    on: 'ADMIN_EMAIL',
    with: ['ADMIN_PASSWORD'],
    message: 'is required where ADMIN_PASSWORD is set',
    holds: (is) => is.ADMIN_EMAIL !== undefined || is.ADMIN_PASSWORD === undefined,
  },
  {
    on: 'ADMIN_PASSWORD',
    with: ['ADMIN_EMAIL'],
    message: 'is required where ADMIN_EMAIL is set',
    holds: (is) => is.ADMIN_PASSWORD !== undefined || is.ADMIN_EMAIL === undefined,
  },
  {
    on: 'ADMIN_PASSWORD',
    with: ['PASSWORD_MIN_LENGTH'],
    message:
      'must have PASSWORD_MIN_LENGTH characters or more, ' +
      `at most ${MOST_PASSWORD.codePoints} and at most ${MOST_PASSWORD.bytes} bytes`,
    holds: (is) => {
      const password = is.ADMIN_PASSWORD?.reveal().normalize('NFKC');
      const codePoints = Array.from(password ?? '').length;
      return (
        password === undefined ||
        (codePoints >= is.PASSWORD_MIN_LENGTH &&
          codePoints <= MOST_PASSWORD.codePoints &&
          Buffer.byteLength(password) <= MOST_PASSWORD.bytes)
      );
    },
  },
  {
    on: 'TLS_CERT_FILE',
    with: ['TLS_KEY_FILE'],
    message: 'is required where TLS_KEY_FILE is set',
    holds: (is) => is.TLS_CERT_FILE !== undefined || is.TLS_KEY_FILE === undefined,
  },
  {
    on: 'TLS_KEY_FILE',
    with: ['TLS_CERT_FILE'],
    message: 'is required where TLS_CERT_FILE is set',
    holds: (is) => is.TLS_KEY_FILE !== undefined || is.TLS_CERT_FILE === undefined,
  },
  {
    on: 'METRICS_PORT',
    with: ['PORT'],
    message: 'must be another port than PORT',
    holds: (is) => is.METRICS_PORT === 0 || is.METRICS_PORT !== is.PORT,
  },
];

const inProduction: readonly Rule[] = [
  {
    on: 'PUBLIC_URL',
    with: [],
    message: 'is required in production: an https origin such as https://auth.example.com',
    holds: (is) => is.PUBLIC_URL !== undefined,
  },
  {
    on: 'PUBLIC_URL',
    with: [],
    message: 'must be an https origin in production',
    holds: (is) => is.PUBLIC_URL === undefined || isHttps(is.PUBLIC_URL),
  },
  {
    on: 'APP_URL',
    with: [],
    message: 'must be an https address in production, since links with tokens lead there',
    holds: (is) => is.APP_URL === undefined || isHttps(is.APP_URL),
  },
  {
    on: 'SMTP_URL',
    with: ['MAIL'],
    message: 'is required in production: smtps://user:password@host:465, or set MAIL=off (which closes registration)',
    holds: (is) => is.SMTP_URL !== undefined || is.MAIL !== undefined,
  },
  {
    on: 'MAIL',
    with: [],
    message: 'must be smtp or off in production: files would leave links with tokens on the disk',
    holds: (is) => is.MAIL !== 'files',
  },
  {
    on: 'RATE_LIMIT',
    with: [],
    message: 'must be on in production',
    holds: (is) => is.RATE_LIMIT,
  },
];

const withRule = (schema: typeof environmentSchema, rule: Rule): typeof environmentSchema => {
  const asked: readonly PropertyKey[] = [rule.on, ...rule.with];
  return schema.superRefine(
    (environment, context) => {
      if (!rule.holds(environment)) {
        const message = typeof rule.message === 'string' ? rule.message : rule.message(environment);
        context.addIssue({ code: 'custom', path: [rule.on], message });
      }
    },
    { when: ({ issues }) => !issues.some((issue) => asked.includes(issue.path?.[0] ?? '')) },
  );
};

/** The schema of the whole environment with every rule of a mode. */
export const schemaOf = (mode: Mode): typeof environmentSchema =>
  [...always, ...(mode === 'production' ? inProduction : [])].reduce(withRule, environmentSchema);
