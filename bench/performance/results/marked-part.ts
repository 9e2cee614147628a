const marks = {
  begin: '<!-- measured: replaced by `npm run bench` -->',
  end: '<!-- end of what was measured -->',
} as const;

/**
 * Puts what was measured between the marks of a page and leaves the rest as somebody wrote it.
 * @throws Error where the page has not each mark once, in their order: then it is not for us to say what to replace
 */
export function withMeasured(page: string, measured: string): string {
  const [before, rest, ...more] = page.split(marks.begin);
  const [, after, ...twice] = rest?.split(marks.end) ?? [];
  if (
    before === undefined ||
    after === undefined ||
    more.length > 0 ||
    twice.length > 0 ||
    before.includes(marks.end)
  ) {
    throw new Error(`The page needs the lines "${marks.begin}" and "${marks.end}", once each.`);
  }
  return `${before}${marks.begin}\n\n${measured.trim()}\n\n${marks.end}${after}`;
}
