import { Module } from '@nestjs/common';
import { AuditModule } from '../../audit/audit.module.js';
import { ObservabilityModule } from '../../observability/observability.module.js';
import { KeyAges } from './key-ages.js';
import { SigningKeys } from './signing-keys.js';
import { StoredKeys } from './stored-keys.js';

/** A module of its own, since the JWT module asks it for the keys. */
@Module({
  imports: [AuditModule, ObservabilityModule],
  providers: [KeyAges, SigningKeys, StoredKeys],
  exports: [SigningKeys, StoredKeys],
})
export class SigningKeysModule {}
