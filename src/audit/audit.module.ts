import { Module } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import { CryptoModule } from '../crypto/crypto.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { AuditLog } from './audit-log.js';
import { EventLines } from './event-lines.js';
import { Refusals } from './refusals.js';
import { ChainVerification } from './seals/chain-verification.js';
import { Checkpoints } from './seals/checkpoints.js';
import { EventRetention } from './seals/event-retention.js';
import { EventSealer } from './seals/event-sealer.js';
import { SealLag } from './seals/seal-lag.js';
import { AuditTrail } from './trail/audit-trail.js';

@Module({
  imports: [CryptoModule, ObservabilityModule],
  providers: [
    AuditLog,
    AuditTrail,
    ChainVerification,
    Checkpoints,
    EventLines,
    EventRetention,
    EventSealer,
    Refusals,
    SealLag,
  ],
  exports: [AuditLog, AuditTrail, ChainVerification, Checkpoints, Refusals],
})
export class AuditModule implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    private readonly refusals: Refusals,
    private readonly sealer: EventSealer,
  ) {}

  /** While the last answers are under way, which may take long: whoever stops the process may not wait for them. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.refusals.flush();
    await this.sealer.trySeal();
  }

  /** What has been counted is an event first, and then has its seal. */
  async onApplicationShutdown(): Promise<void> {
    await this.refusals.stop();
    await this.sealer.stop();
  }
}
