import type { AppConfig } from './config/app-config.js';
import type { DevelopmentState } from './config/development-state.js';

/**
 * What development prints to the terminal once it listens: where everything is, and a line that signs in.
 * The admin's password is in it only at the start that made it.
 */
export function developmentBanner(config: AppConfig, state: DevelopmentState): string {
  const { publicUrl, docs } = config.http;
  const { adminEmail } = config.accounts;
  const ownPassword =
    adminEmail === state.adminEmail && config.accounts.adminPassword?.reveal() === state.adminPassword;
  const shown = ownPassword && state.isNew;
  const body = JSON.stringify({ email: adminEmail, password: shown ? state.adminPassword : '<the admin password>' });
  return [
    '',
    `Gatehouse listens on ${publicUrl} (development: do not expose it)`,
    '',
    ...(docs ? [`  reference   ${publicUrl}/docs`, `  OpenAPI     ${publicUrl}/openapi.json`] : []),
    `  health      ${publicUrl}/health/ready`,
    ...(config.mail.kind === 'files' ? [`  mail        ${config.mail.directory}/*.eml`] : []),
    `  admin       ${adminEmail ?? 'none'}`,
    ...(shown ? [`  password    ${state.adminPassword}   (shown this once)`] : passwordHint(ownPassword)),
    '',
    'Sign in:',
    '',
    `  curl -s ${publicUrl}/api/login -H 'Content-Type: application/json' \\`,
    `    -d '${body}'`,
    '',
    'Stop with Ctrl-C.',
    '',
  ].join('\n');
}

const passwordHint = (ownPassword: boolean): string[] =>
  ownPassword ? ['  password    as printed at the first start; kept in .data/state.json'] : [];
