import { AsyncLocalStorage } from 'node:async_hooks';
import { Client } from 'pg';
import type { QueryResult } from 'pg';
import type { ExplainedPlan } from './query-plan.js';

const EXPLAINABLE = /^\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE|VALUES|MERGE)\b/i;
const EXPLAIN = 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ';

/** A statement that the service sent, with what Postgres did for it, or why it could not say. */
export interface RecordedStatement {
  readonly text: string;
  readonly plan: ExplainedPlan | undefined;
  readonly failure: string | undefined;
}

interface Recording {
  readonly statements: RecordedStatement[];
  /** Texts explained so far: a loop's statement is explained once. */
  readonly seen: Set<string>;
  readonly commits: boolean;
}

type Query = (this: Client, text: unknown, values?: unknown[]) => Promise<QueryResult>;

/**
 * Explains each statement that the service sends while something is recorded, on the same connection, in the same transaction and
 * with the same parameters, just before it runs: what is measured is what is really sent.
 */
export class PlanRecorder {
  private readonly recordings = new AsyncLocalStorage<Recording>();
  private readonly send = Reflect.get(Client.prototype, 'query') as Query;

  /** Stands between node-postgres and everybody. */
  install(): void {
    const { recordings, send } = this;
    const explain = this.explain.bind(this);
    Reflect.set(Client.prototype, 'query', function (this: Client, text: unknown, ...rest: unknown[]) {
      const recording = recordings.getStore();
      if (!recording || typeof text !== 'string' || typeof rest.at(-1) === 'function')
        return Reflect.apply(send, this, [text, ...rest]) as unknown;
      if (text === 'COMMIT' && !recording.commits) return send.call(this, 'ROLLBACK');
      const values = (rest[0] ?? []) as unknown[];
      if (!EXPLAINABLE.test(text) || recording.seen.has(text)) return send.call(this, text, values);
      recording.seen.add(text);
      return explain(this, text, values).then((statement) => {
        recording.statements.push(statement);
        return send.call(this, text, values);
      });
    });
  }

  /**
   * Records what `work` sends, and what it leaves running.
   * @param commits false turns each COMMIT into a ROLLBACK, of which the service knows nothing
   */
  async record<Result>(
    work: () => Promise<Result>,
    commits: boolean,
  ): Promise<{ readonly result: Result; readonly statements: readonly RecordedStatement[] }> {
    const recording: Recording = { statements: [], seen: new Set(), commits };
    const result = await this.recordings.run(recording, work);
    return { result, statements: recording.statements };
  }

  private async explain(client: Client, text: string, values: unknown[]): Promise<RecordedStatement> {
    const inTransaction = client.getTransactionStatus() === 'T';
    await this.send.call(client, inTransaction ? 'SAVEPOINT bench' : 'BEGIN');
    try {
      const { rows } = await this.send.call(client, EXPLAIN + text, values);
      const [row] = rows as { 'QUERY PLAN': [ExplainedPlan] }[];
      return { text, plan: row?.['QUERY PLAN'][0], failure: undefined };
    } catch (error) {
      return { text, plan: undefined, failure: error instanceof Error ? error.message : String(error) };
    } finally {
      await this.send.call(client, inTransaction ? 'ROLLBACK TO SAVEPOINT bench' : 'ROLLBACK');
    }
  }
}
