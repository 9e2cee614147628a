import { z } from 'zod';
import { normaliseName } from '../account-name.js';
import { normaliseEmail } from '../email-address.js';
import { MOST_ROLES, ROLE_NAME } from '../role-name.js';
import { faultOfHash } from './imported-hash.js';

/** Null or absent, a password hash leaves its owner to choose a password by way of a mailed link. */
const importedAccount = z.strictObject({
  email: text('must be an e-mail address', normaliseEmail),
  passwordHash: z
    .string({ error: 'must be text or null' })
    .superRefine((encoded, context) => {
      const fault = faultOfHash(encoded);
      if (fault !== undefined) context.addIssue(fault);
    })
    .nullish(),
  name: text('must be 1 to 100 characters of text on one line, or null', normaliseName).nullish(),
  roles: z
    .array(z.string({ error: 'must be text' }).regex(ROLE_NAME, `must each match ${ROLE_NAME.source}`), {
      error: 'must be a list',
    })
    .max(MOST_ROLES, `must be at most ${MOST_ROLES}`)
    .transform((roles) => [...new Set(roles)])
    .default([]),
  emailVerified: z.boolean({ error: 'must be true or false' }).default(false),
});

export type ImportedAccount = z.output<typeof importedAccount>;

export type AccountReading =
  | { readonly kind: 'account'; readonly account: ImportedAccount }
  | { readonly kind: 'refused'; readonly reason: string };

/** The reason of a line that is something else, or that was cut. */
export const NO_OBJECT = 'the line must be one JSON object';
/** What looks like the name of a column: anything else may be data that was mistaken for one. */
const TELLABLE = /^[a-z][a-z_]{0,23}$/i;

/**
 * Reads one line of JSON. The reason names fields and what they must be, and never holds anything of what they are: it
 * ends up in terminals and logs.
 */
export function readImportedAccount(line: string): AccountReading {
  const json = parseJson(line);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { kind: 'refused', reason: NO_OBJECT };
  }
  const { success, data, error } = importedAccount.safeParse(json);
  return success
    ? { kind: 'account', account: data }
    : { kind: 'refused', reason: [...new Set(error.issues.flatMap(reasonsOf))].join('; ') };
}

function text<Value>(rule: string, read: (typed: string) => Value | undefined) {
  return z.string({ error: rule }).transform((typed, context) => {
    const value = read(typed);
    if (value !== undefined) return value;
    context.addIssue(rule);
    return z.NEVER;
  });
}

/** V8's own message would quote the line. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function reasonsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code !== 'unrecognized_keys') return [`${String(issue.path[0])} ${issue.message}`];
  return issue.keys.map((key) =>
    TELLABLE.test(key) ? `${key} is no field of an account` : 'a field is none of an account',
  );
}
