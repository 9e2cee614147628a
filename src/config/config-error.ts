/** sysexits(3) EX_CONFIG: supervisors need not restart what a restart cannot heal. */
export const EXIT_CONFIG = 78;

/** One thing wrong with one variable. The message says what it must be and never repeats what it is. */
export interface ConfigFault {
  readonly variable: string;
  readonly message: string;
}

/** One line a fault, for the terminal. */
export const formatFaults = (faults: readonly ConfigFault[]): string =>
  faults.map(({ variable, message }) => `${variable} ${message}`).join('\n');

/** Everything that is wrong with the environment, found at once. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly ConfigFault[]) {
    super(`The configuration cannot be used:\n${formatFaults(faults)}`);
    this.name = 'ConfigError';
  }
}
