import { isIP } from 'node:net';
import { ConfigError } from './config-error.js';
import { readEnvironment } from './environment.js';
import { environmentSchema } from './schema.js';

const schema = environmentSchema.pick({ HOST: true, PORT: true, TLS_CERT_FILE: true });

/**
 * Reads under which origin a process on this machine reaches the service that has the same environment. No secret's file
 * is opened for it.
 * @throws ConfigError
 */
export function loadOwnOrigin(env: NodeJS.ProcessEnv = process.env): string {
  const asked = Object.keys(schema.shape).flatMap((name) => [name, `${name}_FILE`]);
  const { values, faults } = readEnvironment(Object.fromEntries(asked.map((name) => [name, env[name]])));
  const result = schema.safeParse(values);
  if (!result.success || faults.length > 0) {
    const issues = (result.error?.issues ?? []).map(({ path, message }) => ({ variable: String(path[0]), message }));
    throw new ConfigError([...faults, ...issues]);
  }
  const { HOST, PORT, TLS_CERT_FILE } = result.data;
  const host = reachable(HOST);
  return `${TLS_CERT_FILE === undefined ? 'http' : 'https'}://${isIP(host) === 6 ? `[${host}]` : host}:${PORT}`;
}

/** Whoever listens on every address also does on the loopback. */
const reachable = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host);
