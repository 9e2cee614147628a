import type { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import type { Redis, RedisOptions } from 'ioredis';

/** What a request waits for Redis at most. */
const ANSWER_WITHIN_MS = 100;
const CONNECT_WITHIN_MS = 1_000;
/** The package would block a key for a time of its own, past the end of its window; who counts decides that here. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const PREFIX = 'gatehouse:throttle:';
const PROBE = 'probe';
const PROBE_WINDOW_MS = 60_000;

/** Nothing is queued, repeated or mended: a connection that fails once is given up, and its owner makes another one. */
const OPTIONS: RedisOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  // It asks INFO, which an account may not be allowed; `open` tries the real thing instead.
  enableReadyCheck: false,
  disableClientInfo: true,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
  connectTimeout: CONNECT_WITHIN_MS,
  // One that hangs does not say goodbye either.
  disconnectTimeout: ANSWER_WITHIN_MS,
  connectionName: 'gatehouse',
};

/** A window's count over all instances; when it ends, in whole seconds. */
export interface SharedCount {
  readonly totalHits: number;
  readonly timeToExpire: number;
}

/** One connection to Redis, for as long as it works. */
export class RedisConnection {
  /** Resolves when it is of no use any more. */
  readonly ended: Promise<void>;

  private constructor(
    private readonly redis: Redis,
    private readonly counts: ThrottlerStorageRedisService,
  ) {
    this.ended = new Promise((resolve) => {
      redis.once('end', resolve);
    });
  }

  /**
   * Connects and counts once: a server that loads, is full or takes no writes shows it then.
   * The packages are loaded here, since who sets no REDIS_URL should not carry them.
   * @throws Error saying why it cannot be used
   */
  static async open(url: string): Promise<RedisConnection> {
    // One after the other: Node gives out an empty ioredis where the other package requires it while it is being imported.
    const { Redis: Client } = await import('ioredis');
    const { ThrottlerStorageRedisService: Counts } = await import('@nest-lab/throttler-storage-redis');
    const redis = new Client(url, OPTIONS);
    let reason: Error | undefined;
    // Why a connection ended is told here alone, the first reason being the cause of the others.
    redis.on('error', (error: Error) => (reason ??= error));
    const connection = new RedisConnection(redis, new Counts(redis));
    try {
      await redis.connect();
      await connection.increment(PROBE, PROBE_WINDOW_MS);
      return connection;
    } catch (error) {
      connection.close();
      throw reason ?? error;
    }
  }

  /**
   * Counts one request.
   * @param name at most 64 characters of `[A-Za-z0-9_-]`
   * @throws Error where Redis refuses or does not answer in time
   */
  increment(name: string, windowMs: number): Promise<SharedCount> {
    return answered(this.counts.increment(`${PREFIX}${name}`, windowMs, NO_LIMIT, windowMs, 'requests'));
  }

  close(): void {
    this.redis.disconnect();
  }
}

/** Rejects where no answer has come in time. One that is there, and that this process was too busy to read, has come. */
function answered<Answer>(answer: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      setImmediate(reject, new Error(`no answer within ${ANSWER_WITHIN_MS} ms`));
    }, ANSWER_WITHIN_MS);
    answer.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
