import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import type { RedisUnderTest } from './redis-under-test.js';
import { scratchFolder } from './scratch.js';

/** A way in which a Redis can be of no use, and the way back. */
export interface Away {
  readonly name: string;
  readonly begin: (redis: RedisUnderTest) => Promise<void>;
  readonly end: (redis: RedisUnderTest) => Promise<void>;
}

/** Runs commands on a connection of their own. */
export async function onRedis<Result>(url: string, action: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(url, { retryStrategy: () => null, enableReadyCheck: false });
  redis.on('error', () => undefined);
  try {
    return await action(redis);
  } finally {
    redis.disconnect();
  }
}

const command = async (redis: RedisUnderTest, ...[name = '', ...args]: string[]): Promise<void> => {
  await onRedis(redis.url, (connection) => connection.call(name, ...args));
};

const PASSWORD = 'set while it ran';

/** With it a Redis can be made to load its data again, slowly. */
export const ABLE_TO_BE_AWAY: readonly string[] = [
  ...['--enable-debug-command', 'local'],
  ...['--loading-process-events-interval-bytes', '1024'],
  ...['--dir', scratchFolder()],
];

export const WAYS_TO_BE_AWAY: readonly Away[] = [
  { name: 'is killed', begin: (redis) => redis.stop(), end: (redis) => redis.restart() },
  {
    name: 'hangs',
    begin: (redis) => {
      redis.pause();
      return Promise.resolve();
    },
    end: (redis) => {
      redis.resume();
      return Promise.resolve();
    },
  },
  {
    name: 'loads its data (LOADING)',
    begin: async (redis) => {
      await onRedis(redis.url, (connection) => connection.call('DEBUG', 'POPULATE', '200', 'padding', '2000'));
      await command(redis, 'CONFIG', 'SET', 'key-load-delay', '100000');
      const loading = new Redis(redis.url, { retryStrategy: () => null, enableReadyCheck: false });
      loading.on('error', () => undefined);
      // Answered once it is over.
      loading.call('DEBUG', 'RELOAD').then(
        () => {
          loading.disconnect();
        },
        () => undefined,
      );
      await eventually(() =>
        onRedis(redis.url, async (connection) => {
          const info = await connection.info('persistence');
          if (!info.includes('loading:1')) throw new Error('it does not load yet');
        }),
      );
    },
    end: (redis) => command(redis, 'CONFIG', 'SET', 'key-load-delay', '0'),
  },
  {
    name: 'has no memory left (OOM)',
    begin: (redis) => command(redis, 'CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction'),
    end: (redis) => command(redis, 'CONFIG', 'SET', 'maxmemory', '0'),
  },
  {
    name: 'has become a replica that takes no writes (READONLY)',
    begin: (redis) => command(redis, 'REPLICAOF', '127.0.0.1', '1'),
    end: (redis) => command(redis, 'REPLICAOF', 'NO', 'ONE'),
  },
  {
    name: 'lets the account run no scripts any more (NOPERM)',
    begin: (redis) => command(redis, 'ACL', 'SETUSER', 'default', '-eval'),
    end: (redis) => command(redis, 'ACL', 'SETUSER', 'default', '+eval'),
  },
  {
    name: 'asks for another password (NOAUTH)',
    begin: async (redis) => {
      await onRedis(redis.url, async (connection) => {
        await connection.config('SET', 'requirepass', PASSWORD);
        await connection.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      });
    },
    end: async (redis) => {
      const url = new URL(redis.url);
      url.password = PASSWORD;
      await onRedis(url.href, (connection) => connection.config('SET', 'requirepass', ''));
    },
  },
];
