import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { within } from '../shared/within.js';

/** Resolves where what it checks works, rejects where it does not. */
export type ReadinessCheck = () => Promise<void>;
export type Health = 'up' | 'down';
export interface ReadinessReport {
  readonly status: Health;
  readonly checks: Readonly<Record<string, Health>>;
}

const CHECK_TIMEOUT_MS = 1_000;
/** From the moment that the process is told to stop. */
const STOPPING: ReadinessReport = { status: 'down', checks: { shutting_down: 'down' } };

/** Whether this instance can serve: every module registers what it cannot do without. */
@Injectable()
export class Readiness implements OnModuleDestroy {
  private readonly logger = new Logger(Readiness.name);
  private readonly checks = new Map<string, ReadinessCheck>();
  private readonly last = new Map<string, Health>();
  private running: Promise<ReadinessReport> | undefined;
  private stopping = false;

  register(name: string, check: ReadinessCheck): void {
    if (this.checks.has(name)) throw new Error(`There is a readiness check called ${name} already.`);
    this.checks.set(name, check);
  }

  /** Nothing new is to come here: whatever the checks say, and without asking them. */
  stop(): void {
    this.stopping = true;
  }

  onModuleDestroy(): void {
    this.stop();
  }

  /** Runs all checks; callers at the same time share one run, so that probes never pile up. */
  async report(): Promise<ReadinessReport> {
    if (this.stopping) return STOPPING;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
    const report = await this.running;
    return this.wasStopped() ? STOPPING : report;
  }

  /** Asked anew: it may have changed meanwhile. */
  private wasStopped(): boolean {
    return this.stopping;
  }

  private async run(): Promise<ReadinessReport> {
    const entries = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await this.healthOf(name, check)] as const),
    );
    const checks = Object.fromEntries(entries);
    return { status: entries.some(([, health]) => health === 'down') ? 'down' : 'up', checks };
  }

  private async healthOf(name: string, check: ReadinessCheck): Promise<Health> {
    let health: Health = 'up';
    let reason: unknown;
    try {
      await within(CHECK_TIMEOUT_MS, Promise.resolve().then(check));
    } catch (error) {
      health = 'down';
      reason = error;
    }
    if (this.last.get(name) !== health) this.tell(name, health, reason);
    this.last.set(name, health);
    return health;
  }

  /** Changes alone: a probe comes every few seconds. */
  private tell(name: string, health: Health, reason: unknown): void {
    if (health === 'down') this.logger.warn(`${name} is down: ${reason instanceof Error ? reason.message : 'unknown'}`);
    else this.logger.log(`${name} is up`);
  }
}
