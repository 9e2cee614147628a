import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PROBLEM_STATUSES } from '../http/problem-statuses.js';
import { errorsMarkdown } from './errors-markdown.js';
import { ERRORS_PAGE_CSP, errorsPage } from './errors-page.js';

const SECTION = /^### (\w+)\n\n\*\*(\d{3}) ([^*]+)\.\*\* \S/gm;

interface Explained {
  readonly code?: string | undefined;
}
const byCode = (one: Explained, other: Explained): number => (one.code ?? '').localeCompare(other.code ?? '');

describe('docs/errors.md', () => {
  it('is what the table of texts makes it', () => {
    expect(readFileSync('docs/errors.md', 'utf8')).toBe(errorsMarkdown());
  });

  it('explains every error code once, with the status and title that it is answered with', () => {
    const sections = [...errorsMarkdown().matchAll(SECTION)].map(([, code, status, title]) => ({
      code,
      status,
      title,
    }));
    const answered = Object.entries(PROBLEM_STATUSES).map(([code, { status, title }]) => ({
      code,
      status: String(status),
      title,
    }));

    expect(sections.toSorted(byCode)).toEqual(answered.toSorted(byCode));
  });
});

describe('the page of errors', () => {
  const page = errorsPage();

  it('has a place to be led to for every code', () => {
    const places = [...page.matchAll(/<section id="(\w+)">/g)].map(([, id]) => id);

    expect(places.toSorted()).toEqual(Object.keys(PROBLEM_STATUSES).toSorted());
  });

  it('shows what is code as code, and lets no text of the table become markup', () => {
    expect(page).toContain('<code>{&quot;field&quot;, &quot;message&quot;}</code>');
    expect(page).not.toContain('`');
    const elements = [...page.matchAll(/<(\w+)/g)].map(([, name]) => name);
    expect(new Set(elements)).toEqual(
      new Set([
        'html',
        'head',
        'meta',
        'title',
        'style',
        'body',
        'h1',
        'h2',
        'h3',
        'p',
        'pre',
        'code',
        'section',
        'strong',
      ]),
    );
  });

  it('has the one style sheet that its policy lets it have', () => {
    const [, style = ''] = /<style>([^<]*)<\/style>/.exec(page) ?? [];

    expect(ERRORS_PAGE_CSP).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(ERRORS_PAGE_CSP).toContain("default-src 'none'");
  });
});
