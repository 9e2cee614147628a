import { setTimeout } from 'node:timers/promises';

const BETWEEN_MS = 10;

/**
 * Waits until an assertion holds: repeats it, and at last fails as it does.
 * @param withinMs how long it may take
 */
export async function eventually<Result>(assertion: () => Promise<Result> | Result, withinMs = 5_000): Promise<Result> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await setTimeout(BETWEEN_MS);
    }
  }
}

/**
 * Waits until something is there.
 * @param what names it, for the failure
 */
export function eventuallyFound<Found>(
  what: string,
  find: () => Promise<Found | undefined> | Found | undefined,
  withinMs?: number,
): Promise<Found> {
  return eventually(async () => {
    const found = await find();
    if (found === undefined) throw new Error(`${what} did not come`);
    return found;
  }, withinMs);
}
