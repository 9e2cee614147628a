import { type DynamicModule, Logger, Module } from '@nestjs/common';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { AppConfig } from '../config/app-config.js';
import { dataSourceOptions } from './data-source-options.js';
import { PoolConnections } from './pool-connections.js';
import { SessionLimits } from './session-limits.js';
import { StuckConnections } from './stuck-connections.js';

export interface DatabaseModuleOptions {
  /** The list of `ormconfig.ts`, which this folder may not import: entities lie above it. */
  readonly entities: readonly (new () => object)[];
  /** `never` builds the tree of modules alone, as the OpenAPI document needs it. */
  readonly connect: 'at-start' | 'never';
}

/** Gives every module the `DataSource`; needs `AppConfig` to be global. Closed when the application shuts down. */
@Module({})
export class DatabaseModule {
  static forRoot({ entities, connect }: DatabaseModuleOptions): DynamicModule {
    const logger = new Logger('Database');
    const connections = new PoolConnections();
    const orm = TypeOrmModule.forRootAsync({
      inject: [AppConfig],
      useFactory: ({ database }: AppConfig): TypeOrmModuleOptions => ({
        ...dataSourceOptions({
          url: database.url.reveal(),
          purpose: 'requests',
          pooler: database.pooler,
          poolSize: database.poolSize,
          connections,
          onConnectionLost: (error) => {
            logger.warn(`An idle connection to Postgres was lost: ${error.message}`);
          },
        }),
        entities: [...entities],
        autoLoadEntities: false,
        // A start that fails says so at once; whoever runs the service starts it again.
        retryAttempts: 0,
        manualInitialization: connect === 'never',
      }),
    });
    return {
      module: DatabaseModule,
      imports: [orm],
      providers: [SessionLimits, StuckConnections, { provide: PoolConnections, useValue: connections }],
    };
  }
}
