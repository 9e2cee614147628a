import { Module } from '@nestjs/common';
import { SecurityModule } from '../security/security.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AdminSessionsController } from './admin-sessions.controller.js';

@Module({ imports: [SecurityModule, TokensModule, UsersModule], controllers: [AdminSessionsController] })
export class AdminModule {}
