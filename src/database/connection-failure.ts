import { errorsIn, isDatabaseUnavailable } from './database-unavailable.js';

/**
 * Why there is no Postgres to work with: it is `away`, which passes, or it refuses this configuration, which does not until
 * somebody changes one of the two.
 */
export interface ConnectionFailure {
  readonly kind: 'away' | 'refused';
  /** For whoever runs the service; with no password in it. */
  readonly reason: string;
}

const REFUSALS: Readonly<Record<string, (said: string) => string>> = {
  '28P01': (said) => `Postgres does not take the password that the address has for this user (${said})`,
  '28000': (said) => `Postgres does not let this user in from here (${said})`,
  '3D000': (said) => `Postgres has no such database (${said})`,
  '42501': (said) => `The role lacks a right that it needs (${said})`,
};
const CERTIFICATE = /^(?:CERT_|ERR_TLS_CERT|SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY))/;
const NO_TLS = 'The server does not support SSL connections';

/** @returns undefined for what says nothing of the connection */
export function connectionFailure(error: unknown): ConnectionFailure | undefined {
  for (const each of errorsIn(error)) {
    const reason = refusalOf(each);
    if (reason !== undefined) return { kind: 'refused', reason };
  }
  if (!isDatabaseUnavailable(error)) return undefined;
  const inner = errorsIn(error).find((each) => textOf(each, 'code') !== undefined);
  return { kind: 'away', reason: inner ? awayFor(inner) : messageOf(error) };
}

function refusalOf(error: Error): string | undefined {
  const code = textOf(error, 'code') ?? '';
  if (CERTIFICATE.test(code)) return `The certificate of Postgres is not one that is trusted here (${code})`;
  if (error.message.startsWith(NO_TLS)) return 'Postgres speaks no TLS, and sslmode in the address asks for it';
  return Object.hasOwn(REFUSALS, code) ? REFUSALS[code]?.(error.message) : undefined;
}

function awayFor(error: Error): string {
  const [code = '', address, host] = [textOf(error, 'code'), textOf(error, 'address'), textOf(error, 'hostname')];
  const port: unknown = Reflect.get(error, 'port');
  if (host !== undefined) return `No address is known for ${host} (${code})`;
  if (address !== undefined) return `No Postgres answers at ${address}:${String(port)} (${code})`;
  return `Postgres cannot be used now: ${error.message} (${code})`;
}

const messageOf = (error: unknown): string =>
  `Postgres cannot be reached: ${error instanceof Error && error.message !== '' ? error.message : 'it does not answer'}`;

function textOf(error: Error, name: 'code' | 'address' | 'hostname'): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}
