import type { EntityManager } from 'typeorm';

/** Serialises, until the end of the transaction, whatever counts admins before it changes their number. */
export async function lockAdmins(tx: EntityManager): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('gatehouse.admins', 0))`);
}
