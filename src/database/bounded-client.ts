import { Client } from 'pg';
import type { ClientConfig } from 'pg';

/** What pg says after `query_timeout`, without a code. */
const GIVEN_UP = 'Query read timeout';

const isGivenUp = (error: unknown): boolean => error instanceof Error && error.message === GIVEN_UP;

/**
 * A connection that ends with the first answer that is given up. pg takes its question back and keeps the connection, which
 * still waits: in the pool, the next question would stand behind it until it is given up as well, and so on; in a transaction,
 * the ROLLBACK would.
 */
export class BoundedClient extends Client {
  constructor(config?: ClientConfig) {
    super(config);
    const query = this.query.bind(this);
    const ask = (...question: unknown[]): unknown => {
      const answer: unknown = Reflect.apply(query, this, question);
      // Only promises: neither TypeORM nor anyone here calls back.
      if (answer instanceof Promise) {
        answer.catch((error: unknown) => {
          if (isGivenUp(error)) this.giveUp(error);
        });
      }
      return answer;
    };
    Object.defineProperty(this, 'query', { value: ask });
  }

  /** Whoever has borrowed it gives it back as broken, before anyone else is handed it. */
  private giveUp(error: unknown): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    this.connection.stream.destroy();
  }
}
