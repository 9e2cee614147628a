import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { preparedName } from './prepared-statements.js';

/** What pg says after `query_timeout`, without a code. */
const GIVEN_UP = 'Query read timeout';

/** A prepared statement's columns have changed their types: it has to be prepared anew (SQLSTATE feature_not_supported). */
const OUT_OF_DATE = '0A000';

/** Whether the connection must not be used again after this. */
const isLastStraw = (error: unknown): boolean =>
  error instanceof Error && (error.message === GIVEN_UP || ('code' in error && error.code === OUT_OF_DATE));

export interface BoundedClientConfig extends ClientConfig {
  /** Whether statements that are marked as `prepared` are: not where each transaction gets another connection. */
  readonly prepares?: boolean;
}

/** TypeORM gives no name to a statement. */
function named(question: readonly unknown[]): readonly unknown[] {
  const [text, values] = question;
  const name = typeof text === 'string' && Array.isArray(values) ? preparedName(text) : undefined;
  return name === undefined ? question : [{ name, text, values }];
}

/**
 * A connection that ends with the first answer that is given up. pg takes its question back and keeps the connection, which
 * still waits: in the pool, the next question would stand behind it until it is given up as well, and so on; in a transaction,
 * the ROLLBACK would. And with the first statement that was prepared before a migration changed its columns, which would fail
 * for as long as the connection lives.
 */
export class BoundedClient extends Client {
  private isConnected = false;
  private asked = 0;
  private answered = 0;

  constructor(config: BoundedClientConfig = {}) {
    super(config);
    const { prepares = false } = config;
    this.once('connect', () => (this.isConnected = true));
    const query = this.query.bind(this);
    const ask = (...question: unknown[]): unknown => {
      const answer: unknown = Reflect.apply(query, this, prepares ? named(question) : question);
      // Only promises: neither TypeORM nor anyone here calls back.
      if (answer instanceof Promise) {
        this.asked += 1;
        const note = (error?: unknown): void => {
          this.answered += 1;
          if (isLastStraw(error)) this.giveUp(error);
        };
        answer.then(() => {
          note();
        }, note);
      }
      return answer;
    };
    Object.defineProperty(this, 'query', { value: ask });
  }

  /** Whether it has yet to be answered: a question, or its wish to connect. */
  get isWaiting(): boolean {
    return !this.isConnected || this.asked > this.answered;
  }

  /** Grows with each answer. */
  get progress(): number {
    return this.answered + Number(this.isConnected);
  }

  /** Whoever waits for it fails at once. */
  cut(): void {
    this.connection.stream.destroy();
  }

  /** Whoever has borrowed it gives it back as broken, before anyone else is handed it. */
  private giveUp(error: unknown): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    this.cut();
  }
}
