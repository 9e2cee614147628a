import { QueryFailedError } from 'typeorm';
import { connectionFailure } from './connection-failure.js';

const fault = (members: object, message = 'said'): Error => Object.assign(new Error(message), members);

describe('a connection to Postgres that failed', () => {
  it.each([
    ['28P01', /password/],
    ['28000', /does not let this user in/],
    ['3D000', /no such database/],
    ['42501', /lacks a right/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /certificate/],
    ['CERT_HAS_EXPIRED', /certificate/],
  ])('is refused by %s, which waiting does not mend', (code, reason) => {
    for (const error of [fault({ code }), new QueryFailedError('SELECT 1', [], fault({ code }))]) {
      expect(connectionFailure(error)).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) as string });
    }
  });

  it('is refused where Postgres speaks no TLS', () => {
    expect(connectionFailure(new Error('The server does not support SSL connections'))?.kind).toBe('refused');
  });

  it.each([
    [
      fault({ code: 'ECONNREFUSED', address: '127.0.0.1', port: 5432 }),
      'No Postgres answers at 127.0.0.1:5432 (ECONNREFUSED)',
    ],
    [
      new AggregateError([fault({ code: 'ECONNREFUSED', address: '::1', port: 5432 })], ''),
      'No Postgres answers at ::1:5432 (ECONNREFUSED)',
    ],
    [fault({ code: 'ENOTFOUND', hostname: 'db' }), 'No address is known for db (ENOTFOUND)'],
    [
      fault({ code: '57P03' }, 'the database system is starting up'),
      'Postgres cannot be used now: the database system is starting up (57P03)',
    ],
    [
      fault({ code: '53300' }, 'sorry, too many clients already'),
      'Postgres cannot be used now: sorry, too many clients already (53300)',
    ],
    [new Error('timeout expired'), 'Postgres cannot be reached: timeout expired'],
  ])('is of one that is away: %#', (error, reason) => {
    expect(connectionFailure(error)).toEqual({ kind: 'away', reason });
  });

  it('is none where something else is wrong', () => {
    for (const error of [fault({ code: '23505' }), fault({ code: 'EADDRINUSE' }), new Error('x'), undefined]) {
      expect(connectionFailure(error)).toBeUndefined();
    }
  });
});
