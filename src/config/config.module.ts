import type { DynamicModule } from '@nestjs/common';
import { Global, Module } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import { AppConfig } from './app-config.js';

/**
 * Gives every module the `AppConfig` that the start has made. Nest's own ConfigModule holds it, and reads no environment:
 * what is in the environment but not in the configuration is nobody's business.
 */
@Global()
@Module({})
export class AppConfigModule {
  static forRoot(config: AppConfig): DynamicModule {
    const registration = registerAs('gatehouse', () => config);
    return {
      module: AppConfigModule,
      imports: [
        ConfigModule.forRoot({
          ignoreEnvFile: true,
          validatePredefined: false,
          skipProcessEnv: true,
          load: [registration],
        }),
      ],
      providers: [
        { provide: AppConfig, inject: [registration.KEY], useFactory: (registered: AppConfig) => registered },
      ],
      exports: [AppConfig],
    };
  }
}
