import { spawnSync } from 'node:child_process';

/** Runs Prometheus' own checker. @returns all that it says @throws Error with that, where it finds a fault */
export function promtool(args: readonly string[], input = ''): string {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  if (error) throw new Error('promtool is not installed, and these tests need it: `apt-get install prometheus`.');
  const said = `${stdout}${stderr}`;
  if (status !== 0) throw new Error(`promtool ${args.join(' ')} ended with ${String(status)}:\n${said}`);
  return said;
}
