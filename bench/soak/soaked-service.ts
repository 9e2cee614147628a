import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DIST } from '../../test/support/built.js';
import { freePort } from '../../test/support/free-port.js';
import { MeasuredProcess } from '../measured-process.js';

/** How the built service is started, everywhere. */
export const START = path.join(DIST, '..', 'bin', 'gatehouse');
const random = (): string => randomBytes(32).toString('base64url');

export const ADMIN = { email: 'admin@example.com', password: random() };

/**
 * A deployment of its own: production as it is started, with limits of requests and metrics on, behind a proxy that the
 * benchmark plays.
 */
export const productionEnvironment = (databaseUrl: string): Readonly<Record<string, string>> => ({
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  PUBLIC_URL: 'https://auth.example.com',
  DATABASE_URL: databaseUrl,
  JWT_SECRET: random(),
  REFRESH_SECRET: random(),
  // Longer than a run: what is measured is not how often its traffic has to sign in.
  JWT_EXPIRE: '60m',
  MAIL: 'off',
  TRUST_PROXY: '127.0.0.1/32',
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
  ADMIN_REQUIRE_MFA: 'off',
});

/** The built service in a process of its own, which tells how much memory it holds. */
export interface SoakedService {
  readonly url: string;
  readonly process: MeasuredProcess;
}

/** Starts an instance on free ports and waits until it is ready. */
export async function startService(
  environment: Readonly<Record<string, string>>,
  nodeOptions = '',
): Promise<SoakedService> {
  if (!existsSync(START)) throw new Error(`${START} is not there.`);
  const [port, metricsPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const env = { ...environment, PORT: String(port), METRICS_PORT: String(metricsPort) };
  const program = { command: 'sh', args: [START], env, nodeOptions };
  return { url, process: await MeasuredProcess.serving(program, `${url}/health/ready`) };
}
