import { onServer } from './database.js';
import type { DebianPostgres } from './debian-postgres.js';

/** The passwords of a deployment's two roles, in tests. */
const PASSWORDS = { gatehouse_owner: 'of-the-owner', gatehouse: 'of-the-service' } as const;

/** A database of a deployment with two roles: the owner's address and the service's. */
export interface Addresses {
  readonly owner: string;
  readonly service: string;
}

/** Makes both roles, as deploy/postgres-roles.sh does. */
export async function makeRoles(server: DebianPostgres): Promise<void> {
  await onServer(async (query) => {
    for (const [role, password] of Object.entries(PASSWORDS))
      await query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  }, server.url());
}

/** Makes an empty database for them, as docs/operations.md has it for a restore. */
export async function makeDatabase(server: DebianPostgres, name: string): Promise<Addresses> {
  await onServer(async (query) => {
    await query(`CREATE DATABASE ${name} OWNER gatehouse_owner TEMPLATE template0`);
    await query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
    await query(`GRANT CONNECT ON DATABASE ${name} TO gatehouse`);
  }, server.url());
  await onServer(async (query) => {
    await query('ALTER SCHEMA public OWNER TO gatehouse_owner');
    await query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  }, server.url(name));
  return addressesOf(server, name);
}

export const addressesOf = (server: DebianPostgres, name: string): Addresses => ({
  owner: server.url(name, 'gatehouse_owner', PASSWORDS.gatehouse_owner),
  service: server.url(name, 'gatehouse', PASSWORDS.gatehouse),
});
