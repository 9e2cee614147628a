import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { SecurityModule } from '../security/security.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AdminClientsController } from './admin-clients.controller.js';
import { AdminDiagnosticsController } from './admin-diagnostics.controller.js';
import { AdminKeysController } from './admin-keys.controller.js';
import { AdminSessionsController } from './admin-sessions.controller.js';
import { AdminUserSessionsController } from './admin-user-sessions.controller.js';
import { AdminUsersController } from './admin-users.controller.js';

@Module({
  imports: [AuthModule, CryptoModule, SecurityModule, TokensModule, UsersModule],
  controllers: [
    AdminClientsController,
    AdminDiagnosticsController,
    AdminKeysController,
    AdminSessionsController,
    AdminUsersController,
    AdminUserSessionsController,
  ],
})
export class AdminModule {}
