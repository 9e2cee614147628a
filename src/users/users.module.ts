import { Module } from '@nestjs/common';
import { AdminBootstrap } from './admin-bootstrap.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';
import { ProfileController } from './profile.controller.js';
import { UsersService } from './users.service.js';

@Module({
  controllers: [ProfileController],
  providers: [UsersService, PasswordHasher, PasswordPolicy, AdminBootstrap],
  exports: [UsersService, PasswordHasher, PasswordPolicy],
})
export class UsersModule {}
