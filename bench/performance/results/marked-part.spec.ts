import { withMeasured } from './marked-part.js';

const BEGIN = '<!-- measured: replaced by `npm run bench` -->';
const END = '<!-- end of what was measured -->';
const page = `# Performance\n\nBy hand.\n\n${BEGIN}\n\nold\n\n${END}\n\nMore by hand: $& $1.\n`;

describe('the page of the last results', () => {
  it('keeps what was written by hand and replaces what was measured', () => {
    const first = withMeasured(page, '| new |\n');
    expect(first).toBe(page.replace('old', '| new |'));
    expect(withMeasured(first, '| newer |')).toBe(page.replace('old', '| newer |'));
  });

  it('takes what was measured as it is', () => {
    expect(withMeasured(page, "$& $' $1")).toContain("\n$& $' $1\n");
  });

  it.each([
    ['no marks', '# Performance'],
    ['no end', `a ${BEGIN} b`],
    ['the end first', `a ${END} b ${BEGIN} c`],
    ['an end before both', `a ${END} b ${BEGIN} c ${END} d`],
    ['two beginnings', `a ${BEGIN} b ${BEGIN} c ${END}`],
    ['two ends', `a ${BEGIN} b ${END} c ${END}`],
  ])('refuses a page with %s', (_, broken) => {
    expect(() => withMeasured(broken, 'new')).toThrow('once each');
  });
});
