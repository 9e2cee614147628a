import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { CryptoModule } from '../crypto/crypto.module.js';
import { MailModule } from '../mail/mail.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { SecurityModule } from '../security/security.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { Guesses } from './guesses.js';
import { MailBudget } from './mail-budget.js';
import { MyAccessController } from './my-access.controller.js';
import { PasswordSignIn } from './password-sign-in.js';
import { Registration } from './registration.js';
import { JwtStrategy } from './strategies/jwt.strategy.js';
import { LocalStrategy } from './strategies/local.strategy.js';
import { RefreshTokenStrategy } from './strategies/refresh-token.strategy.js';
import { WindowCounters } from './window-counters.js';

const strategies = [JwtStrategy, LocalStrategy, RefreshTokenStrategy];

@Module({
  imports: [PassportModule, SecurityModule, CryptoModule, MailModule, ObservabilityModule, UsersModule, TokensModule],
  controllers: [AuthController, MyAccessController],
  providers: [...strategies, AuthService, Guesses, MailBudget, PasswordSignIn, Registration, WindowCounters],
})
export class AuthModule {}
