import { Module } from '@nestjs/common';
import { AccountDirectory } from './account-directory.js';
import { AccountRecords } from './account-records.js';
import { ActionLinks } from './action-links.js';
import { AdminBootstrap } from './admin-bootstrap.js';
import { AuditModule } from '../audit/audit.module.js';
import { Cleanup } from '../cleanup/cleanup.js';
import { CleanupModule } from '../cleanup/cleanup.module.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { EXPIRED_LINKS } from './expired-links.js';
import { ManagedAccounts } from './managed-accounts.js';
import { SecondFactors } from './mfa/second-factors.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { UNFINISHED_ENROLMENTS } from './mfa/unfinished-enrolments.js';
import { DecoyHashes } from './passwords/decoy-hashes.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';
import { ProfileController } from './profile.controller.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [AuditModule, CleanupModule, CryptoModule, ObservabilityModule],
  controllers: [ProfileController],
  providers: [
    UsersService,
    PasswordHasher,
    PasswordPolicy,
    DecoyHashes,
    AdminBootstrap,
    SecondFactors,
    AccountDirectory,
    AccountRecords,
    ManagedAccounts,
    ActionLinks,
  ],
  exports: [
    UsersService,
    PasswordHasher,
    PasswordPolicy,
    SecondFactors,
    AccountDirectory,
    AccountRecords,
    ManagedAccounts,
    ActionLinks,
  ],
})
export class UsersModule {
  constructor(cleanup: Cleanup) {
    cleanup.register(EXPIRED_LINKS, UNFINISHED_ENROLMENTS);
  }
}
