import { barChart } from './bar-chart.js';

const bar = (name: string, value: number, isOurs = false) => ({ name, value, label: `${value} a second`, isOurs });
const widths = (svg: string): readonly number[] =>
  [...svg.matchAll(/<rect x="\d+" y="\d+" width="(\d+)"/g)].map(([, width]) => Number(width));

describe('the chart of the last results', () => {
  it('draws bars as long as their values, each group by its own longest', () => {
    const svg = barChart([
      { title: 'guarded', bars: [bar('raw', 40_000), bar('ours', 20_000, true)] },
      { title: 'sign-in', bars: [bar('argon2', 80), bar('ours', 40, true)] },
    ]);
    const [raw = NaN, ours = NaN, argon2 = NaN, signIn = NaN] = widths(svg);
    expect(ours / raw).toBeCloseTo(0.5, 1);
    expect(argon2).toBe(raw);
    expect(signIn).toBe(ours);
  });

  it('shows a bar for what is hardly anything, or nothing', () => {
    expect(widths(barChart([{ title: 'x', bars: [bar('a', 1e9), bar('b', 1)] }]))[1]).toBe(1);
    expect(widths(barChart([{ title: 'x', bars: [bar('a', 0)] }]))).toEqual([1]);
  });

  it('lets no name be markup', () => {
    const svg = barChart([{ title: '<b> & "c"', bars: [bar("<script>'", 1)] }]);
    expect(svg).not.toMatch(/<b>|<script>/);
    expect(svg).toContain('&lt;b&gt; &amp; &quot;c&quot;');
  });
});
