import { QueryFailedError } from 'typeorm';

import { isDatabaseUnavailable } from './database-unavailable.js';

const coded = (code: string): Error => Object.assign(new Error('x'), { code });

describe('a database', () => {
  it.each([
    '57P01',
    '57014',
    '55P03',
    '40P01',
    '57P02',
    '57P03',
    '08006',
    '08P01',
    '53300',
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
  ])('is unavailable on %s', (code) => {
    expect(isDatabaseUnavailable(coded(code))).toBe(true);
    expect(isDatabaseUnavailable(new QueryFailedError('SELECT 1', [], coded(code)))).toBe(true);
    expect(isDatabaseUnavailable(new AggregateError([coded(code)]))).toBe(true);
    expect(isDatabaseUnavailable(new Error('x', { cause: coded(code) }))).toBe(true);
  });

  it.each([
    'Connection terminated',
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'timeout expired',
    'Query read timeout',
    'Query runner already released. Cannot run queries anymore.',
    'Cannot use a pool after calling end on the pool',
  ])('is unavailable where pg says "%s"', (message) => {
    expect(isDatabaseUnavailable(new Error(message))).toBe(true);
  });

  it.each([
    coded('23505'),
    coded('42601'),
    coded('40001'),
    coded('EACCES'),
    new Error('x'),
    'ECONNREFUSED',
    null,
    undefined,
    { code: '57P01' },
  ])('is not unavailable because of %p', (error) => {
    expect(isDatabaseUnavailable(error)).toBe(false);
  });

  it('is asked about in bounded time, whatever causes what', () => {
    const loop = new Error('x');
    loop.cause = loop;
    expect(isDatabaseUnavailable(loop)).toBe(false);
  });
});
