import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { planEmbeddedPostgres, startEmbeddedPostgres } from '../../../src/database/embedded-postgres.js';

/** A Postgres that nobody else uses and that nothing is kept of. */
export interface ThrowawayPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

/** What is lost with the machine's power need not be written to its disk. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** @param folder where it lives; whoever made that removes it */
export async function startThrowawayPostgres(folder: string): Promise<ThrowawayPostgres> {
  const plan = await planEmbeddedPostgres(path.join(folder, 'postgres'), randomBytes(24).toString('base64url'));
  const server = await startEmbeddedPostgres(plan, () => undefined, SETTINGS);
  return { url: plan.url, stop: () => server.stop() };
}
