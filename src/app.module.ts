import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { entities } from '../ormconfig.js';
import { AdminModule } from './admin/admin.module.js';
import { AuthModule } from './auth/auth.module.js';
import { AppConfig } from './config/app-config.js';
import { AppConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import type { DatabaseModuleOptions } from './database/database.module.js';
import { HttpModule } from './http/http.module.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { PoolMetrics } from './pool-metrics.js';
import { ReadinessChecks } from './readiness-checks.js';
import { SecurityModule } from './security/security.module.js';
import { Clock, SystemClock } from './shared/clock.js';
import { TokensModule } from './tokens/tokens.module.js';
import { UsersModule } from './users/users.module.js';

export interface AppOptions {
  readonly config: AppConfig;
  /** Tests set it; everyone else lives in the present. */
  readonly clock?: Clock;
  readonly connect?: DatabaseModuleOptions['connect'];
}

@Module({})
export class AppModule {
  static forRoot({ config, clock = new SystemClock(), connect = 'at-start' }: AppOptions): DynamicModule {
    return {
      module: AppModule,
      global: true,
      imports: [
        AppConfigModule.forRoot(config),
        DatabaseModule.forRoot({ entities, connect }),
        HttpModule,
        ObservabilityModule,
        SecurityModule,
        UsersModule,
        TokensModule,
        AuthModule,
        AdminModule,
      ],
      providers: [{ provide: Clock, useValue: clock }, PoolMetrics, ReadinessChecks],
      exports: [Clock],
    };
  }
}
