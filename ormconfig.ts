import { DataSource } from 'typeorm';
import { migrations } from './migrations/index.js';
import { migrationDatabaseUrl } from './src/config/migration-environment.js';
import { dataSourceOptions } from './src/database/data-source-options.js';
import { SessionEntity } from './src/tokens/sessions/session.entity.js';
import { UserEntity } from './src/users/user.entity.js';

/** Every entity: the one place outside its own folder that imports it. */
export const entities = [SessionEntity, UserEntity];

const options = dataSourceOptions({ url: undefined, purpose: 'migrations' });

/**
 * For TypeORM's command line alone, which wants exactly one DataSource of this file. The application imports the list
 * above, so the address is read only when a connection is made.
 */
export default new DataSource({
  ...options,
  entities,
  migrations,
  extra: {
    ...options.extra,
    get connectionString(): string {
      return migrationDatabaseUrl();
    },
  },
});
