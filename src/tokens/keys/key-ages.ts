import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { Metrics } from '../../observability/metrics.js';
import { Clock, addSeconds } from '../../shared/clock.js';
import { SigningKeys } from './signing-keys.js';
import type { KeyRecord } from './stored-keys.js';

/** Measures how old the signing keys are, as this instance knows them, and when the next rotation is due by itself. */
@Injectable()
export class KeyAges implements OnModuleInit {
  constructor(
    private readonly keys: SigningKeys,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    // Secrets of the configuration have no age that anyone could know.
    if (this.config.tokens.algorithm === 'HS256') return;
    const age = 'How long a signing key has signed or, where it has not yet, has been there; the oldest, by state.';
    this.metrics.measureEach('gatehouse_signing_key_age_seconds', age, 'state', () => this.ages());
    const due = 'Until the signing key is rotated by itself; below 0 once that is overdue.';
    this.metrics.measure('gatehouse_signing_key_rotation_due_seconds', due, () => this.secondsUntilDue());
  }

  private ages(): Record<string, number> {
    const ages: Record<string, number> = {};
    for (const key of this.keys.records) {
      const age = this.secondsSince(startOf(key));
      ages[key.state] = Math.max(age, ages[key.state] ?? 0);
    }
    return ages;
  }

  private secondsUntilDue(): number {
    const active = this.keys.records.find(({ state }) => state === 'active');
    if (!active) return NaN;
    return -this.secondsSince(addSeconds(startOf(active), this.config.tokens.keyRotationSeconds));
  }

  private secondsSince(time: Date): number {
    return (this.clock.now().getTime() - time.getTime()) / 1000;
  }
}

const startOf = ({ activatedAt, createdAt }: KeyRecord): Date => activatedAt ?? createdAt;
