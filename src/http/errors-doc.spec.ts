import { readFileSync } from 'node:fs';
import { PROBLEM_STATUSES } from './problem-statuses.js';

const SECTION = /^### (\w+)\n\n\*\*(\d{3}) ([^*]+)\.\*\* \S/gm;

const byCode = (one: { code?: string | undefined }, other: { code?: string | undefined }): number =>
  (one.code ?? '').localeCompare(other.code ?? '');

describe('docs/errors.md', () => {
  const document = readFileSync('docs/errors.md', 'utf8');
  const sections = [...document.matchAll(SECTION)].map(([, code, status, title]) => ({ code, status, title }));

  it('explains every error code once, with the status and title that it is answered with', () => {
    const answered = Object.entries(PROBLEM_STATUSES).map(([code, { status, title }]) => ({
      code,
      status: String(status),
      title,
    }));

    expect(sections.toSorted(byCode)).toEqual(answered.toSorted(byCode));
  });

  it('has no section of another form', () => {
    expect(document.match(/^### /gm)).toHaveLength(sections.length);
  });
});
