import { randomUUID } from 'node:crypto';

const KEPT = /^[A-Za-z0-9._-]{8,64}$/;

/** The caller's own `X-Request-Id` where it is safe to log and to send back, else a fresh one. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && KEPT.test(header) ? header : randomUUID();
}
