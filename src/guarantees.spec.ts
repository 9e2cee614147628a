import { existsSync, readFileSync } from 'node:fs';

/** A row of the table: what is promised, the title of the test that holds it to that, and its file. */
const ROW = /^\| (?<promise>.+?) +\| `(?<title>[^`]+)` +\| `(?<file>[^`]+)` +\|$/;

describe('docs/guarantees.md', () => {
  const lines = readFileSync('docs/guarantees.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'));
  const rows = lines.flatMap((line) => {
    const { title, file } = ROW.exec(line)?.groups ?? {};
    return title === undefined || file === undefined ? [] : [{ title, file }];
  });

  it('has a test and a file in every row', () => {
    const isHeading = (line: string): boolean => /^\| (Promise |-+ )/.test(line);

    expect(lines.filter((line) => !isHeading(line) && !ROW.test(line))).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
  });

  it('names no file that does not exist', () => {
    expect(rows.map(({ file }) => file).filter((file) => !existsSync(file))).toEqual([]);
  });

  it('names no test that its file does not have', () => {
    const dangling = rows.filter(({ title, file }) => existsSync(file) && !hasTest(file, title));

    expect(dangling.map(({ title, file }) => `${file}: ${title}`)).toEqual([]);
  });
});

/** Looks for the title as the source spells it, whole and in its quotes. */
function hasTest(file: string, title: string): boolean {
  const source = readFileSync(file, 'utf8');
  const spelt = title.replaceAll('\\|', '|');
  return [`'${spelt.replaceAll("'", "\\'")}'`, `"${spelt}"`, `\`${spelt}\``].some((quoted) => source.includes(quoted));
}
