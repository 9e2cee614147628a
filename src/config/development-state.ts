import { randomBytes, randomInt } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Values } from './mode.js';

const savedState = z.object({
  jwtSecret: z.string().min(1),
  refreshSecret: z.string().min(1),
  databasePassword: z.string().min(1),
  adminEmail: z.string().min(1),
  adminPassword: z.string().min(1),
});
type SavedState = z.output<typeof savedState>;

/** What development needs and nobody wants to type. `isNew` is true at the one start that made it. */
export interface DevelopmentState extends Readonly<SavedState> {
  readonly isNew: boolean;
}

/** `.data/state.json` is there but cannot be used; the message says what to do and nothing of what it holds. */
export class DevelopmentStateError extends Error {
  constructor(file: string, cause: unknown) {
    super(
      `${file} cannot be used, and nothing was changed. Put its copy back if you have one; ` +
        'otherwise move the whole directory away and start again: a new state goes with a new database.',
      { cause },
    );
    this.name = 'DevelopmentStateError';
  }
}

/**
 * Reads what development keeps between starts, or makes it at the first one.
 * @throws DevelopmentStateError where the file is there but is not what was written
 */
export function developmentState(directory = '.data'): DevelopmentState {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'state.json');
  if (existsSync(file)) {
    return { ...parse(file, read(file)), isNew: false };
  }
  const made = makeState();
  save(file, JSON.stringify(made, undefined, 2));
  return { ...made, isNew: true };
}

/** Adds what is unset: the secrets, and the account of the first admin. */
export const fillDevelopmentEnvironment = (values: Values, state: DevelopmentState): Record<string, string> => ({
  JWT_SECRET: state.jwtSecret,
  REFRESH_SECRET: state.refreshSecret,
  ADMIN_EMAIL: state.adminEmail,
  ADMIN_PASSWORD: state.adminPassword,
  ...Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1]))),
});

const makeState = (): SavedState => ({
  jwtSecret: randomBytes(48).toString('base64url'),
  refreshSecret: randomBytes(48).toString('base64url'),
  databasePassword: randomBytes(24).toString('base64url'),
  adminEmail: 'admin@example.com',
  adminPassword: makePassword(),
});

// Five groups of five out of 31 signs are 123 bits, without the look-alikes i, l, o, 0 and 1.
const PASSWORD_SIGNS = 'abcdefghjkmnpqrstuvwxyz23456789';

const makePassword = (): string =>
  Array.from({ length: 5 }, () =>
    Array.from({ length: 5 }, () => PASSWORD_SIGNS.charAt(randomInt(PASSWORD_SIGNS.length))).join(''),
  ).join('-');

function read(file: string): string {
  try {
    // A copy or a careless chmod may have opened it to others.
    chmodSync(file, 0o600);
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new DevelopmentStateError(file, error);
  }
}

function parse(file: string, text: string): SavedState {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and with it a secret.
    throw new DevelopmentStateError(file, new Error('not JSON'));
  }
  const state = savedState.safeParse(json);
  if (!state.success) {
    throw new DevelopmentStateError(file, state.error);
  }
  return state.data;
}

/** Written aside, forced to the disk and renamed: after a crash there is the whole file or none. */
function save(file: string, text: string): void {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  const descriptor = openSync(aside, 'wx', 0o600);
  try {
    writeSync(descriptor, `${text}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(aside, file);
}
