import { createHash } from 'node:crypto';
import { ADVICE, INTRODUCTION, guideSections, sampleProblem } from './error-guide.js';

const STYLE =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}' +
  'code,pre{font-family:ui-monospace,monospace;background:#8882;border-radius:.2rem;padding:.1em .3em}' +
  'pre{padding:1rem;overflow:auto}section:target{outline:2px solid;outline-offset:.5rem}:root{color-scheme:light dark}';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? '');
/** Text of the guide: `code` is its only Markdown. */
const html = (text: string): string => escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

/** The page that the `type` of a problem document leads to; it stands by itself. */
export function errorsPage(): string {
  const sections = guideSections().map(({ heading, errors }) => {
    const each = errors.map(
      ({ code, heading: title, meaning }) =>
        `<section id="${code}"><h3><code>${code}</code></h3><p><strong>${escaped(title)}</strong> ${html(meaning)}</p></section>`,
    );
    return `<h2>${escaped(heading)}</h2>\n${each.join('\n')}`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Gatehouse: errors</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Errors</h1>
<p>${html(INTRODUCTION)}</p>
<pre>${escaped(sampleProblem())}</pre>
<p>${html(ADVICE)}</p>
${sections.join('\n')}
</body>
</html>
`;
}

/** No script, nothing from elsewhere, and the one style sheet that the page has (CSP Level 3 §8.4). */
export const ERRORS_PAGE_CSP = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
