import 'reflect-metadata';
import { loadAppConfig } from '../../src/config/load-app-config.js';
import { createApp } from '../../src/configure-app.js';
import { addSeconds, SystemClock } from '../../src/shared/clock.js';
import { newSessionId, newUserId } from '../../src/shared/ids.js';
import { AccessTokenIssuer } from '../../src/tokens/access/access-token-issuer.js';
import type { Environment } from './deployment.js';
import type { Sent } from './load/load-generator.js';

const HOUR_SECONDS = 3_600;
const [FIRST_VERSION, FIRST_ERA] = [0, 1];

/**
 * Signs access tokens by the service's own code and key, each of another user and session: the guard reads no database, so
 * that neither has to be there. Of so many users nobody meets the limit of a user's requests.
 */
export async function signAccessTokens(environment: Environment, count: number): Promise<readonly string[]> {
  const config = loadAppConfig({ ...environment, LOG_LEVEL: 'error', METRICS_PORT: 'off' });
  const app = await createApp({ config });
  try {
    await app.init();
    const issuer = app.get(AccessTokenIssuer, { strict: false });
    const now = new SystemClock().now();
    const issueOne = (): string =>
      issuer.issue(
        {
          userId: newUserId(),
          sessionId: newSessionId(),
          roles: [],
          ver: FIRST_VERSION,
          era: FIRST_ERA,
          amr: ['pwd'],
          authenticatedAt: now,
          endsAt: addSeconds(now, HOUR_SECONDS),
        },
        now,
      ).accessToken;
    return Array.from({ length: count }, issueOne);
  } finally {
    await app.close();
  }
}

/** What the proxy in front of the service says of a client. */
export const forwardedFrom = (address: string): Readonly<Record<string, string>> => ({
  'x-forwarded-for': address,
  'x-forwarded-proto': 'https',
});

export const guardedRequest = (token: string): Sent => ({
  method: 'GET',
  path: '/api/protected',
  headers: { authorization: `Bearer ${token}`, ...forwardedFrom('198.51.100.7') },
});
