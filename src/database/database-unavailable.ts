import { types } from 'node:util';

/**
 * SQLSTATEs by which a server says that it cannot be used now, or that a statement took too long, waited too long for a lock, or
 * was given up for another that waited for it: https://www.postgresql.org/docs/17/errcodes-appendix.html
 */
const SQLSTATE = /^(?:08[0-9A-Z]{3}|53[0-9A-Z]{3}|57P0[1-5]|57014|55P03|40P01)$/;

const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** What pg, pg-pool and TypeORM say without any code. */
const MESSAGES = [
  /^Connection terminated/,
  /^timeout exceeded when trying to connect/,
  /^Client has encountered a connection error/,
  /^Client was closed and is not queryable/,
  /^Cannot use a pool after calling end on the pool/,
  /^Query read timeout/,
  /^Driver not Connected/,
  /^timeout expired$/,
  // TypeORM's next statement on a connection that died while it was checked out.
  /^Database connection provided by a query runner was already released/,
  /^Query runner already released/,
];

/** How far causes are followed: an error may be wrapped, but not without end. */
const MAX_DEPTH = 5;

/** An error, what it wraps and what caused it, outermost first. */
export function errorsIn(error: unknown, depth = 0): Error[] {
  if (!types.isNativeError(error) || depth > MAX_DEPTH) return [];
  const together: unknown = Reflect.get(error, 'errors');
  const inner: unknown[] = [
    Reflect.get(error, 'driverError'),
    error.cause,
    ...(Array.isArray(together) ? (together as unknown[]) : []),
  ];
  return [error, ...inner.flatMap((each) => errorsIn(each, depth + 1))];
}

/** True where the database could not be reached or refuses to serve, as opposed to refusing one statement. */
export const isDatabaseUnavailable = (error: unknown): boolean => errorsIn(error).some(isUnavailability);

function isUnavailability(error: Error): boolean {
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code === 'string' && (SQLSTATE.test(code) || NETWORK_CODES.has(code))) return true;
  return MESSAGES.some((message) => message.test(error.message));
}
