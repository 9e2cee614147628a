import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { AdminRecovery } from './auth/account/admin-recovery.js';
import { linkAddress } from './auth/account/link-address.js';
import type { AppConfig } from './config/app-config.js';
import { DataKeys } from './crypto/data-keys.js';
import { Clock } from './shared/clock.js';
import { LINK_LIFE_SECONDS } from './shared/link-lives.js';
import { exitCodeOf, messageOf } from './start-errors.js';
import { normaliseEmail } from './users/email-address.js';
import type { EmailAddress } from './users/email-address.js';
import { withDatabase } from './with-database.js';

const USAGE = `Usage: npm run admin:recover -- EMAIL

Makes the account of EMAIL an admin again, or makes one, and prints a link to choose its password. See
docs/recovering-an-admin.md.`;
const EXIT_USAGE = 2;

class UsageError extends Error {}

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/** @returns the exit code */
async function recoverAdmin(args: readonly string[]): Promise<number> {
  const email = readArguments(args);
  finishWhatBegan();
  await withDatabase(tell, async (config) => {
    const token = await recover(email, config);
    process.stdout.write(instructions(email, token, config));
  });
  return 0;
}

function readArguments(args: readonly string[]): EmailAddress {
  const [text, ...others] = args;
  if (text === undefined || text.startsWith('-') || others.length > 0) throw new UsageError(USAGE);
  const email = normaliseEmail(text);
  if (email === undefined) throw new UsageError('EMAIL must be an e-mail address.');
  return email;
}

/** It takes seconds, after which a Postgres that it started has to be stopped; a second signal ends it as it always does. */
function finishWhatBegan(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => undefined);
}

/**
 * Recovers an admin with the service's own parts. They are made but never started, so that nothing runs in the background:
 * running instances learn by the feed what was revoked.
 * @returns the token of a link to choose the password
 */
async function recover(email: EmailAddress, config: AppConfig): Promise<string> {
  const options = { logger: false, abortOnError: false } as const;
  const app = await NestFactory.create(AppModule.forRoot({ config }), new FastifyAdapter(), options);
  try {
    // As a start does: a key that does not open is told before anything changes.
    await app.get(DataKeys, { strict: false }).onModuleInit();
    return await app.get(AdminRecovery, { strict: false }).recover(email, app.get(Clock).now());
  } finally {
    await app.close();
  }
}

const instructions = (email: EmailAddress, token: string, { http }: AppConfig): string => `
${email} is an admin now, without a password, a second factor or a session. For ${LINK_LIFE_SECONDS.password_reset / 60} minutes, this link chooses the
password, once. Whoever has it can: keep it from logs.

  ${linkAddress(http.appUrl, 'password_reset', token)}

Without a frontend there:

  curl -H 'Content-Type: application/json' -d '{"token":"${token}","password":"NEW PASSWORD"}' ${http.publicUrl}/api/password/reset
`;

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    tell(error.message);
    return EXIT_USAGE;
  }
  tell(messageOf(error, 'No admin was recovered'));
  return exitCodeOf(error);
}

process.exitCode = await recoverAdmin(process.argv.slice(2)).catch(explain);
