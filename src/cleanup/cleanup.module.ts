import { Module } from '@nestjs/common';
import { ObservabilityModule } from '../observability/observability.module.js';
import { CleanupBatches } from './cleanup-batches.js';
import { CleanupLag } from './cleanup-lag.js';
import { Cleanup } from './cleanup.js';

@Module({
  imports: [ObservabilityModule],
  providers: [Cleanup, CleanupBatches, CleanupLag],
  exports: [Cleanup],
})
export class CleanupModule {}
