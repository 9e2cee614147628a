import { connected } from '../bench-database.js';
import type { Scale } from './made-values.js';
import { seedRevocations, seedSessions, seedUsers } from './seed-accounts.js';
import { seedEvents, seedSeals } from './seed-events.js';

type Log = (line: string) => void;

async function timed(log: Log, what: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work();
  log(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

/** Fills a migrated database, events and sessions side by side, and lets Postgres look at what it has. */
export async function fill(url: string, scale: Scale, log: Log): Promise<void> {
  const { users, sessions, events } = scale;
  await connected(url, (client) => timed(log, `${users} users`, () => seedUsers(client, scale)));
  await Promise.all([
    connected(url, (client) => timed(log, `${sessions} sessions`, () => seedSessions(client, scale))),
    connected(url, (client) => timed(log, `${events} events`, () => seedEvents(client, scale, log))),
  ]);
  await connected(url, async (client) => {
    await seedRevocations(client);
    await timed(log, 'seals', () => seedSeals(client));
    await timed(log, 'vacuum and analyze', () => client.query('VACUUM (ANALYZE)'));
    const [size] = (await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')).rows;
    log(`the database has ${(Number(size?.bytes) / 1e9).toFixed(2)} GB`);
  });
}
