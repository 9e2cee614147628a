import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { PageCursors } from '../http/page-cursors.js';
import { SecurityModule } from '../security/security.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AdminClientsController } from './admin-clients.controller.js';
import { AdminDiagnosticsController } from './admin-diagnostics.controller.js';
import { AdminEventsController } from './admin-events.controller.js';
import { AdminKeysController } from './admin-keys.controller.js';
import { AdminSessionsController } from './admin-sessions.controller.js';
import { AdminUserSessionsController } from './admin-user-sessions.controller.js';
import { AdminUserSupportController } from './admin-user-support.controller.js';
import { AdminUsersController } from './admin-users.controller.js';
import { EventExport } from './event-export.js';

@Module({
  imports: [AuditModule, AuthModule, CryptoModule, SecurityModule, TokensModule, UsersModule],
  providers: [EventExport, PageCursors],
  controllers: [
    AdminClientsController,
    AdminDiagnosticsController,
    AdminEventsController,
    AdminKeysController,
    AdminSessionsController,
    AdminUsersController,
    AdminUserSessionsController,
    AdminUserSupportController,
  ],
})
export class AdminModule {}
