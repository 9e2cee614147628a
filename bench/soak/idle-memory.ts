import { setTimeout } from 'node:timers/promises';
import type { Memory, MeasuredProcess } from '../measured-process.js';

/** V8 gives the room for young objects back some seconds after the last of them was made. */
const [IDLE_STEP_MS, IDLE_STEPS, SETTLED_WITHIN] = [5_000, 24, 0.005];

/** Waits until memory stays where it is from one look to the next but one. */
export async function idleMemory(service: MeasuredProcess): Promise<Memory> {
  const seen: Memory[] = [await service.memory()];
  while (seen.length < IDLE_STEPS) {
    await setTimeout(IDLE_STEP_MS);
    seen.push(await service.memory());
    const last = seen.slice(-3).map(({ rss }) => rss);
    const isSettled = last.length === 3 && Math.max(...last) - Math.min(...last) < SETTLED_WITHIN * Math.max(...last);
    if (isSettled && seen.length > 5) break;
  }
  return seen.at(-1) ?? service.memory();
}
