import type { AppConfig } from './app-config.js';
import type { ConfigFault } from './config-error.js';
import { isLoopback } from './parsers/network.js';

export type Mode = AppConfig['mode'];
export type Values = Readonly<Record<string, string | undefined>>;

/**
 * Tells development from production, from the values alone: development is what says so, or what says nothing and cannot be
 * reached from another machine. Whatever is doubtful counts as production, so that nothing is made or shown by mistake.
 * @returns the mode, and what is wrong with NODE_ENV where something is
 */
export function decideMode(values: Values): { readonly mode: Mode; readonly fault?: ConfigFault } {
  const declared = values.NODE_ENV ?? '';
  switch (declared) {
    case 'production':
      return { mode: 'production' };
    case 'development':
    case 'test':
      return { mode: 'development' };
    case '':
      return isLoopback(values.HOST === undefined || values.HOST === '' ? '127.0.0.1' : values.HOST)
        ? { mode: 'development' }
        : doubtful('must be set to production or development, since HOST is reachable from other machines');
    default:
      return doubtful('must be production, development or test');
  }
}

const doubtful = (message: string): { readonly mode: Mode; readonly fault: ConfigFault } => ({
  mode: 'production',
  fault: { variable: 'NODE_ENV', message },
});
