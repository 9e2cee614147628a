/** Bars that are compared with one another: the longest fills the width. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

interface Bar {
  readonly name: string;
  readonly value: number;
  /** Written behind the bar. */
  readonly label: string;
  /** Ours, among those it is held against. */
  readonly isOurs: boolean;
}

const [WIDTH, NAMES, LABELS, LINE, BAR, TITLE, MARGIN] = [760, 250, 150, 26, 16, 40, 16];
const COLOURS = { ours: '#1f6feb', others: '#8b949e' };
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
const heightOf = ({ bars }: BarGroup): number => TITLE + bars.length * LINE;

/** Draws a chart as one SVG that needs nothing else and can be read on a light and a dark page. */
export function barChart(groups: readonly BarGroup[]): string {
  const height = groups.reduce((sum, group) => sum + heightOf(group), 2 * MARGIN);
  let top = MARGIN;
  const drawn = groups.map((group) => {
    const lines = drawGroup(group, top);
    top += heightOf(group);
    return lines;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...drawn.flat(),
    '</svg>',
    '',
  ].join('\n');
}

function drawGroup({ title, bars }: BarGroup, top: number): readonly string[] {
  const longest = Math.max(...bars.map(({ value }) => value));
  const room = WIDTH - NAMES - LABELS - 2 * MARGIN;
  const lines = bars.flatMap(({ name, value, label, isOurs }, index) => {
    const y = top + TITLE + index * LINE;
    const length = longest > 0 ? Math.max(1, Math.round((room * value) / longest)) : 1;
    const text = y + BAR - 3;
    return [
      `<text x="${MARGIN + NAMES - 8}" y="${text}" text-anchor="end" fill="#24292f">${escaped(name)}</text>`,
      `<rect x="${MARGIN + NAMES}" y="${y}" width="${length}" height="${BAR}" fill="${isOurs ? COLOURS.ours : COLOURS.others}"/>`,
      `<text x="${MARGIN + NAMES + length + 8}" y="${text}" fill="#24292f">${escaped(label)}</text>`,
    ];
  });
  return [`<text x="${MARGIN}" y="${top + 24}" font-weight="bold" fill="#24292f">${escaped(title)}</text>`, ...lines];
}
