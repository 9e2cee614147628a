import fc from 'fast-check';
import { readTimestamp } from './timestamp.js';

describe('a time in a request', () => {
  it('is read as RFC 3339 has it, whatever its offset', () => {
    expect(readTimestamp('2026-01-31T09:00:00Z')?.toISOString()).toBe('2026-01-31T09:00:00.000Z');
    expect(readTimestamp('2026-01-31T09:00:00.123456+02:00')?.toISOString()).toBe('2026-01-31T07:00:00.123Z');
  });

  it.each([
    '2026-02-30T09:00:00Z',
    '2026-13-01T09:00:00Z',
    '2026-01-31',
    '2026-01-31T09:00:00',
    '2026-01-31 09:00:00Z',
    '2026-01-31T25:00:00Z',
    '2026-01-31T24:00:00Z',
    '+002026-01-31T09:00:00Z',
    'yesterday',
    '1738310400',
    '',
  ])('is not %j', (text) => {
    expect(readTimestamp(text)).toBeUndefined();
  });

  it('comes back as it was written, to the millisecond', () => {
    const times = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
    fc.assert(fc.property(times, (time) => readTimestamp(time.toISOString())?.getTime() === time.getTime()));
  });
});
