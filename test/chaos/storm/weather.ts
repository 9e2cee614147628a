import { setTimeout } from 'node:timers/promises';
import type { Chance } from '../../support/chance.js';
import { HEAVY, LIGHT, allReady } from './faults.js';
import type { Fault, Grounds } from './faults.js';

/**
 * Lets faults happen until the time is up, in rounds: each of a list once, in an order of the seed. All is mended when it
 * returns, and every instance ready.
 */
export async function weather(grounds: Grounds, chances: readonly [Chance, Chance], forMs: number): Promise<void> {
  const endsMs = performance.now() + forMs;
  const [heavy, light] = chances;
  const outcomes = await Promise.allSettled([
    rounds({ ...grounds, chance: heavy }, HEAVY, { endsMs, calmMs: [600, 2_500] }),
    rounds({ ...grounds, chance: light }, LIGHT, { endsMs, calmMs: [500, 3_000] }),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  await allReady(grounds);
}

async function rounds(
  grounds: Grounds,
  faults: readonly Fault[],
  { endsMs, calmMs }: { readonly endsMs: number; readonly calmMs: readonly [number, number] },
): Promise<void> {
  for (;;) {
    for (const fault of shuffled(faults, grounds.chance)) {
      if (performance.now() > endsMs) return;
      await setTimeout(grounds.chance.between(...calmMs));
      await fault(grounds);
    }
  }
}

function shuffled<Item>(items: readonly Item[], chance: Chance): Item[] {
  return items
    .map((item) => ({ item, at: chance.next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
