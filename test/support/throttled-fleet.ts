import type { Answer } from './api.js';
import { eventually } from './eventually.js';
import { Fleet } from './fleet.js';
import { freePort } from './free-port.js';
import type { ServerProcess } from './server-process.js';

/** Registrations that a client may try within the window. */
export const QUOTA = 10;
export const WINDOW_MS = 60_000;
/** What Redis may hold a request up for, on a machine that does much else. */
export const HELD_UP_MS = 500;
const ENV = { RATE_LIMIT: 'on', TRUST_PROXY: '1', LOG_LEVEL: 'warn' };
const COUNTS_WITHIN_MS = 10_000;

let clients = 0;
/** An address that nobody has asked from. */
export const freshClient = (): string => `198.51.100.${(clients += 1)}`;

/** Malformed, but counted before that: ten a minute for each client. */
export const ask = ({ api }: ServerProcess, client: string): Promise<Answer> =>
  api.send('POST', '/api/register', { json: {}, headers: { 'x-forwarded-for': client } });

/**
 * Asks one instance after the other; none may fail otherwise than by the limit.
 * @returns how many requests passed
 */
export async function passing(
  members: readonly ServerProcess[],
  client: string,
  perMember = 2 * QUOTA,
): Promise<number> {
  let passed = 0;
  for (let round = 0; round < perMember; round += 1) {
    for (const member of members) {
      const { status, text } = await ask(member, client);
      if (status !== 400 && status !== 429) throw new Error(`an instance answered ${status}: ${text}`);
      if (status === 400) passed += 1;
    }
  }
  return passed;
}

/** How often an instance has told that it counts alone. */
export const warnings = ({ output }: ServerProcess): number => output.split('Redis cannot be used').length - 1;

/** Instances that limit requests, and whose metrics say how they count. */
export class ThrottledFleet {
  private readonly metricsPorts = new Map<ServerProcess, number>();

  private constructor(private readonly fleet: Fleet) {}

  static async start(size: number, env: Readonly<Record<string, string>>): Promise<ThrottledFleet> {
    const port = await freePort();
    const throttled = new ThrottledFleet(await Fleet.start(1, { ...ENV, ...env, METRICS_PORT: String(port) }));
    throttled.metricsPorts.set(throttled.at(0), port);
    try {
      for (let each = 1; each < size; each += 1) await throttled.add();
      return throttled;
    } catch (error) {
      await throttled.end();
      throw error;
    }
  }

  /** Runs a test with one instance. */
  static async ofOne(
    env: Readonly<Record<string, string>>,
    test: (member: ServerProcess, fleet: ThrottledFleet) => Promise<void>,
  ): Promise<void> {
    const throttled = await ThrottledFleet.start(1, env);
    try {
      await test(throttled.at(0), throttled);
    } finally {
      await throttled.end();
    }
  }

  get members(): ServerProcess[] {
    return this.fleet.members;
  }

  at(index: number): ServerProcess {
    return this.fleet.at(index);
  }

  async add(): Promise<ServerProcess> {
    const port = await freePort();
    const member = await this.fleet.add({ METRICS_PORT: String(port) });
    this.metricsPorts.set(member, port);
    return member;
  }

  /** Waits until the metric says how instances count. */
  eventuallyCount(how: 'together' | 'alone', members: readonly ServerProcess[] = this.members): Promise<void> {
    return eventually(async () => {
      for (const member of members) {
        const metrics = await fetch(`http://127.0.0.1:${this.metricsPorts.get(member) ?? 0}/metrics`);
        expect(await metrics.text()).toContain(`\ngatehouse_throttler_fallback ${how === 'alone' ? 1 : 0}\n`);
      }
    }, COUNTS_WITHIN_MS);
  }

  end(): Promise<void> {
    return this.fleet.end();
  }
}
