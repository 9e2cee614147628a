import type { Executor } from '../../database/sql.js';

/** Any number that no other lock of ours has: "open" in ASCII. */
const GATE_LOCK = 0x6f70656e;

/**
 * Lets the transaction of a sign-in pass, together with all others, unless everyone is being signed out: then it waits for the end
 * of that. A statement of its own, before the one that reads the era: a statement that waits goes on with what it saw before.
 */
export async function passSignInGate(tx: Executor): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock_shared($1)', [GATE_LOCK]);
}

/** Waits for the sign-ins that are under way, and holds back those that come until the transaction ends. */
export async function closeSignIns(tx: Executor): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [GATE_LOCK]);
}
