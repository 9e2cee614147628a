import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Hindrance, Ledger } from './ledger.js';
import type { Instance, Instances } from './instances.js';

const LOOKS_MS = 200;
/**
 * How much of the time an instance may wait for a processor. A poll comes every half second and the bound is one second: what
 * is between is for the instance, Postgres and the test to be served by the machine.
 */
const MOST_WAITING = 0.25;

/** By how much the test itself may be late. */
const MOST_LATE = 1.5;

interface Sample {
  readonly atMs: number;
  readonly waitedMs: number;
}

/**
 * Notes when the machine itself keeps an instance from learning of anything, since other work has its processors: then the bound
 * of five seconds holds. What Linux tells is how long the process was ready to run and did not get to (sched-stats.rst), so
 * that an instance which blocks or idles has no excuse.
 */
export class Starvation {
  private readonly samples = new Map<string, Sample>();
  private readonly open = new Map<string, Hindrance>();
  private looked = 0;
  private starved = 0;

  constructor(
    private readonly instances: Instances,
    private readonly ledger: Ledger,
  ) {}

  async watch(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      for (const instance of this.instances.all) this.look(instance);
      const sinceMs = performance.now();
      await setTimeout(LOOKS_MS);
      const toMs = performance.now();
      // The ways to Postgres lead through this process.
      if (toMs - sinceMs > MOST_LATE * LOOKS_MS)
        this.ledger.hindrances.push({ what: 'the test is late', fromMs: sinceMs, toMs });
    }
  }

  /** How much of the time, of all instances together. */
  get share(): number {
    return this.looked === 0 ? 0 : this.starved / this.looked;
  }

  private look({ name, process }: Instance): void {
    const now = sampleOf(process.pid);
    const last = this.samples.get(name);
    if (!now) return;
    this.samples.set(name, now);
    if (!last) return;
    this.looked += now.atMs - last.atMs;
    const isStarved = now.waitedMs - last.waitedMs > MOST_WAITING * (now.atMs - last.atMs);
    const open = this.open.get(name);
    if (!isStarved) {
      this.open.delete(name);
      return;
    }
    this.starved += now.atMs - last.atMs;
    const hindrance = open ?? { what: 'the machine is busy', instance: name, fromMs: last.atMs, toMs: now.atMs };
    hindrance.toMs = now.atMs;
    if (open) return;
    this.open.set(name, hindrance);
    this.ledger.hindrances.push(hindrance);
  }
}

function sampleOf(pid: number): Sample | undefined {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return { atMs: performance.now(), waitedMs: Number(waitedNs) / 1e6 };
  } catch {
    return undefined;
  }
}
