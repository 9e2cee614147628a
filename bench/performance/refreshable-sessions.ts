import 'reflect-metadata';
import type { Client } from 'pg';
import { loadAppConfig } from '../../src/config/load-app-config.js';
import { asSessionId } from '../../src/shared/ids.js';
import { RefreshTokens } from '../../src/tokens/sessions/refresh-tokens.js';
import { SystemClock } from '../../src/shared/clock.js';
import { connected } from '../bench-database.js';
import { setToFilling, setToWorking } from '../scaling/postgres-at-work.js';
import { fill } from '../seed/fill.js';
import { say } from '../run-benchmark.js';
import { forwardedFrom } from './access-tokens.js';
import type { Environment } from './deployment.js';
import type { Sent } from './load/load-generator.js';

const [SESSIONS_A_USER, LEAST] = [10, 1_000];

/** Nothing is left that the service would clean up while it is measured. */
const SETTLED = [
  'TRUNCATE revocations',
  `UPDATE sessions SET absolute_expires_at = now() - interval '1 day' WHERE absolute_expires_at < now() - interval '29 days'`,
  'VACUUM (ANALYZE) sessions',
];

const refreshTokens = (environment: Environment): RefreshTokens => new RefreshTokens(loadAppConfig(environment));

/**
 * Fills a database with so many sessions, and makes some of them, from all over the table, such as can be refreshed.
 * @returns the ids of these, in no order
 */
export async function fillSessions(
  databaseUrl: string,
  environment: Environment,
  { sessions, refreshable }: { readonly sessions: number; readonly refreshable: number },
): Promise<readonly string[]> {
  const users = Math.max(LEAST, Math.floor(sessions / SESSIONS_A_USER));
  await connected(databaseUrl, setToFilling);
  await fill(databaseUrl, { sessions, users, events: LEAST, nowMs: new SystemClock().now().getTime() }, say);
  return connected(databaseUrl, async (client) => {
    const ids = await refresh(client, refreshTokens(environment).currentSecretId, refreshable);
    for (const statement of SETTLED) await client.query(statement);
    await setToWorking(client);
    return ids;
  });
}

/** As if they had been opened a moment ago by this deployment, by users who may sign in. */
async function refresh(client: Client, secretId: string, wanted: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `WITH chosen AS (SELECT sessions.id FROM sessions JOIN users ON users.id = user_id AND disabled_at IS NULL
                     ORDER BY random() LIMIT $2)
     UPDATE sessions
     SET secret_id = $1, revoked_at = NULL, revoked_reason = NULL, rotated_at = NULL, previous_rotated_at = NULL,
         idle_expires_at = now() + interval '7 days', absolute_expires_at = now() + interval '30 days'
     FROM chosen WHERE sessions.id = chosen.id RETURNING sessions.id`,
    [secretId, wanted],
  );
  return rows.map(({ id }) => id);
}

/** A refresh of each of these, by the token of its generation right now, made by the service's own code. */
export async function refreshRequests(
  databaseUrl: string,
  environment: Environment,
  ids: readonly string[],
): Promise<readonly Sent[]> {
  const tokens = refreshTokens(environment);
  const { rows } = await connected(databaseUrl, (client) =>
    client.query<{ id: string; generation: number; secretId: string; salt: Buffer }>(
      `SELECT id, generation, secret_id AS "secretId", salt FROM sessions WHERE id = ANY ($1)`,
      [ids],
    ),
  );
  return rows.map(({ id, ...row }, index) => ({
    method: 'POST',
    path: '/api/refresh',
    // From a network of its own: nobody meets the limit of an address.
    headers: {
      'content-type': 'application/json',
      ...forwardedFrom(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`),
    },
    refreshToken: tokens.tokenOf({ id: asSessionId(id), ...row }),
  }));
}
