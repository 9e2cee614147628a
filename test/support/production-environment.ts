import { ADMIN, randomSecret } from './test-app.js';

/**
 * All that a service in production has to have, as an operator would set it, for a process of the built one.
 * @param env over that
 */
export function productionEnvironment(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl,
    PUBLIC_URL: 'https://auth.example.com',
    MAIL: 'off',
    JWT_SECRET: randomSecret(),
    REFRESH_SECRET: randomSecret(),
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    ...env,
  };
}
