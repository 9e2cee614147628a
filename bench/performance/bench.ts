import type { LoadGenerator } from './load/load-generator.js';
import type { Environment } from './deployment.js';
import type { Section } from './results/figure.js';

/** What every section is measured with. */
export interface Bench {
  readonly generator: LoadGenerator;
  readonly rounds: number;
  /** Of each round. */
  readonly seconds: number;
  /** Rows of sessions, and entries of the denylist, where much is held against little. */
  readonly many: number;
  /** For Gatehouse alone, to profile it: then it is no comparison. */
  readonly nodeOptions: string;
  /** For Gatehouse, over its configuration: to try what a value makes of a figure. */
  readonly settings: Environment;
  /** Leaves out what takes longer than a few seconds. */
  readonly isQuick: boolean;
}

export type Measure = (bench: Bench) => Promise<Section>;

export const CONNECTIONS = 50;

/** Long enough for V8 to have optimised what is measured, however short the rounds are. */
const WARM_UP_SECONDS = 4;

export const warmUpSeconds = ({ seconds }: Bench): number => Math.max(seconds, WARM_UP_SECONDS);
