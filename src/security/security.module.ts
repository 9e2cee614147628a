import { Global, Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';

import { AuditModule } from '../audit/audit.module.js';
import { Clock } from '../shared/clock.js';
import { BearerAuthentication } from './bearer-authentication.js';
import { CallEvents } from './call-events.js';
import { ClientAuthGuard } from './clients/client-auth.guard.js';
import { ClientAuthentication } from './clients/client-authentication.js';
import { ServiceClients } from './clients/service-clients.js';
import { JwtAuthGuard } from './jwt-auth.guard.js';
import { RATE_LIMITS, RATE_LIMIT_WINDOW_SECONDS } from './rate-limit.decorator.js';
import { RolesGuard } from './roles.guard.js';
import { MemoryThrottlerStorage } from './throttler-storage.js';
import { ThrottlerGuard } from './throttler.guard.js';

const guards = [
  CallEvents,
  BearerAuthentication,
  ServiceClients,
  ClientAuthentication,
  ThrottlerGuard,
  JwtAuthGuard,
  RolesGuard,
  ClientAuthGuard,
];

/**
 * The guards of every other module; global, since `@UseGuards` makes them in the module that uses them.
 * Needs a global provider of `Clock` and of `AppConfig`, and a strategy `jwt` registered with Passport.
 */
@Global()
@Module({
  imports: [
    AuditModule,
    ThrottlerModule.forRootAsync({
      inject: [Clock],
      useFactory: (clock: Clock) => ({
        // The guard takes the limit from the route's policy; the library wants one entry to run at all.
        throttlers: [{ name: 'requests', limit: RATE_LIMITS.public.quota, ttl: RATE_LIMIT_WINDOW_SECONDS * 1000 }],
        storage: new MemoryThrottlerStorage(clock),
      }),
    }),
  ],
  providers: guards,
  exports: guards,
})
export class SecurityModule {}
