import { dataSourceOptions } from './data-source-options.js';

/** What goes into the packet with which a connection begins; PgBouncer knows none of it. */
const STARTUP_PARAMETERS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'options'];
const url = 'postgres://db/gatehouse';

describe('dataSourceOptions', () => {
  it('bounds the sessions of requests, and how long an answer is waited for', () => {
    const { extra } = dataSourceOptions({ url, purpose: 'requests' });
    expect(extra).toMatchObject({
      statement_timeout: 10_000,
      lock_timeout: 5_000,
      idle_in_transaction_session_timeout: 15_000,
      query_timeout: 15_000,
    });
  });

  it.each(['requests', 'migrations'] as const)('asks a pooler of transactions for no setting, for %s', (purpose) => {
    const { extra } = dataSourceOptions({ url, purpose, pooler: 'transaction' });
    expect(Object.keys(extra).filter((option) => STARTUP_PARAMETERS.includes(option))).toEqual([]);
  });

  it('waits for an answer from behind a pooler no longer than without one', () => {
    expect(dataSourceOptions({ url, purpose: 'requests', pooler: 'transaction' }).extra.query_timeout).toBe(15_000);
    // An index of a large table takes its time.
    expect(
      dataSourceOptions({ url, purpose: 'migrations', pooler: 'transaction' }).extra.query_timeout,
    ).toBeUndefined();
  });
});
