import { Global, Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import type { ThrottlerStorage } from '@nestjs/throttler';

import { AuditModule } from '../audit/audit.module.js';
import { AppConfig } from '../config/app-config.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { DataKeys } from '../crypto/data-keys.js';
import { Metrics } from '../observability/metrics.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { Clock } from '../shared/clock.js';
import { AdminCalls } from './admin-calls.interceptor.js';
import { BearerAuthentication } from './bearer-authentication.js';
import { CallEvents } from './call-events.js';
import { ClientAuthGuard } from './clients/client-auth.guard.js';
import { ClientAuthentication } from './clients/client-authentication.js';
import { ServiceClients } from './clients/service-clients.js';
import { JwtAuthGuard } from './jwt-auth.guard.js';
import { RATE_LIMITS, RATE_LIMIT_WINDOW_SECONDS } from './rate-limit.decorator.js';
import { RedisCounts } from './redis-counts.js';
import { RolesGuard } from './roles.guard.js';
import { SharedThrottlerStorage } from './shared-throttler-storage.js';
import { MemoryThrottlerStorage } from './throttler-storage.js';
import { ThrottlerGuard } from './throttler.guard.js';

const guards = [
  CallEvents,
  AdminCalls,
  BearerAuthentication,
  ServiceClients,
  ClientAuthentication,
  ThrottlerGuard,
  JwtAuthGuard,
  RolesGuard,
  ClientAuthGuard,
];

function throttlerStorage(clock: Clock, config: AppConfig, keys: DataKeys, metrics: Metrics): ThrottlerStorage {
  const own = new MemoryThrottlerStorage(clock);
  if (config.redis === undefined || !config.http.rateLimit) return own;
  return new SharedThrottlerStorage(own, new RedisCounts(config.redis.url, metrics), keys);
}

/**
 * The guards of every other module; global, since `@UseGuards` makes them in the module that uses them.
 * Needs a global provider of `Clock` and of `AppConfig`, and a strategy `jwt` registered with Passport.
 */
@Global()
@Module({
  imports: [
    AuditModule,
    ObservabilityModule,
    ThrottlerModule.forRootAsync({
      imports: [CryptoModule, ObservabilityModule],
      inject: [Clock, AppConfig, DataKeys, Metrics],
      useFactory: (clock: Clock, config: AppConfig, keys: DataKeys, metrics: Metrics) => ({
        // The guard takes the limit from the route's policy; the library wants one entry to run at all.
        throttlers: [{ name: 'requests', limit: RATE_LIMITS.public.quota, ttl: RATE_LIMIT_WINDOW_SECONDS * 1000 }],
        storage: throttlerStorage(clock, config, keys, metrics),
      }),
    }),
  ],
  providers: guards,
  exports: guards,
})
export class SecurityModule {}
