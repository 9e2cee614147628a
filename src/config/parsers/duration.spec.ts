import fc from 'fast-check';
import { duration, writeDuration } from './duration.js';
import { faulty, sound } from './parsed.js';

describe('durations', () => {
  const anyDuration = duration(0, 400 * 86_400);

  it.each([
    ['900', 900],
    ['900s', 900],
    ['15m', 900],
    ['12h', 43_200],
    ['7d', 604_800],
    ['0', 0],
  ])('reads %s as %d seconds', (text, seconds) => {
    expect(anyDuration(text)).toEqual(sound(seconds));
  });

  it.each([
    '',
    ' 15m',
    '15m ',
    '15 m',
    '15M',
    '1.5h',
    '-1',
    '+1',
    '1e3',
    '015m',
    '15min',
    '1h30m',
    '٣m',
    '0x10',
    'm',
    'Infinity',
  ])('refuses %j', (text) => {
    expect(anyDuration(text).ok).toBe(false);
  });

  it('takes both bounds and nothing beyond them', () => {
    const short = duration(60, 3_600);

    expect(['60s', '60m', '1h'].map((text) => short(text).ok)).toEqual([true, true, true]);
    expect(['59s', '61m', '3601', '999999999d'].map((text) => short(text).ok)).toEqual([false, false, false, false]);
    expect(short('2h')).toEqual(faulty('must be a duration such as 900s, 15m, 12h or 7d, from 1m to 1h'));
  });

  it('reads back whatever it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * 86_400 }), (seconds) => {
        expect(anyDuration(writeDuration(seconds))).toEqual(sound(seconds));
      }),
    );
  });

  it('reads no text but digits and one unit', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(anyDuration(text).ok).toBe(
          /^(0|[1-9]\d{0,8})[smhd]?$/.test(text) && Number.parseInt(text, 10) * unit(text) <= 400 * 86_400,
        );
      }),
    );
  });
});

const unit = (text: string): number => ({ m: 60, h: 3_600, d: 86_400 })[text.slice(-1)] ?? 1;
