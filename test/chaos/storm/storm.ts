import type { Chance } from '../../support/chance.js';
import type { Account } from './account.js';
import type { Instances } from './instances.js';
import type { Ledger } from './ledger.js';

/** What every actor of a storm shares. */
export interface Storm {
  readonly instances: Instances;
  readonly ledger: Ledger;
  readonly accounts: readonly Account[];
  /** The actors finish what they have begun, and stop. */
  over: boolean;
}

/** An actor with a chance of its own: what it wants to do next does not depend on how fast others are. */
export interface Part {
  readonly storm: Storm;
  readonly chance: Chance;
}
