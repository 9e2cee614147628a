import { newId } from '../../src/shared/ids.js';
import { connected } from '../bench-database.js';
import { ADMIN } from '../soak/soaked-service.js';

/** So many that none of them meets the limits of an address, a user or a user's sessions. */
const PEOPLE = 800;

/** Makes accounts that have the admin's password, on a database that the service has started on. @returns their addresses */
export async function openAccounts(databaseUrl: string): Promise<readonly string[]> {
  const emails = Array.from({ length: PEOPLE }, (_, number) => `person${number}@example.com`);
  await connected(databaseUrl, (client) =>
    client.query(
      `INSERT INTO users (id, email, email_verified_at, password_hash, created_at)
       SELECT made.id, made.email, now(), admin.password_hash, now()
       FROM unnest($1::uuid[], $2::text[]) AS made (id, email), users AS admin WHERE admin.email = $3`,
      [emails.map(() => newId()), emails, ADMIN.email],
    ),
  );
  return emails;
}
