import type { ComposedMail } from './mailer.js';

/** Plain text, or an address that stands alone: on a line of its own in the text, and to click in the HTML. */
export type Paragraph = string | { readonly href: string };

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

const asText = (paragraph: Paragraph): string => (typeof paragraph === 'string' ? paragraph : paragraph.href);

function asHtml(paragraph: Paragraph): string {
  const text = escapeHtml(asText(paragraph));
  return typeof paragraph === 'string' ? `<p>${text}</p>` : `<p><a href="${text}">${text}</a></p>`;
}

/** Makes text and HTML of the same paragraphs: neither can say what the other does not. */
export const composeMail = (
  mail: Omit<ComposedMail, 'text' | 'html'>,
  paragraphs: readonly Paragraph[],
): ComposedMail => ({
  ...mail,
  text: `${paragraphs.map(asText).join('\n\n')}\n`,
  html: `<!doctype html>\n<html lang="en">\n<body>\n${paragraphs.map(asHtml).join('\n')}\n</body>\n</html>\n`,
});
