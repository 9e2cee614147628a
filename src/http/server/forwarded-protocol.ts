import type { IncomingHttpHeaders } from 'node:http';

/** Cuts at a character that does not stand inside a quoted string (RFC 9110 §5.6.4). */
function cut(text: string, at: ',' | ';'): string[] {
  if (!text.includes(at)) return [text.trim()];
  const parts: string[] = [];
  let [from, quoted] = [0, false];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') quoted = !quoted;
    else if (quoted && character === '\\') index += 1;
    else if (!quoted && character === at) {
      parts.push(text.slice(from, index));
      from = index + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.map((part) => part.trim());
}

/** One value a step, in the order in which they were written: the last by the proxy that is nearest to us. */
const listed = (field: string | string[] | undefined): string[] =>
  field === undefined ? [] : cut([field].flat().join(','), ',').filter((entry) => entry !== '');

/** The `proto` of an element of `Forwarded` (RFC 7239 §5.4): a token, or the same quoted. */
const protocolIn = (element: string): string =>
  cut(element, ';')
    .map((pair) => /^proto\s*=\s*"?([^"]*)"?$/i.exec(pair)?.[1])
    .find((protocol) => protocol !== undefined) ?? '';

/** What stands at the outermost step that is believed: a proxy may hand on what another one in front of it wrote. */
const believed = (entries: readonly string[], trustedSteps: number): string =>
  entries.at(-Math.min(trustedSteps, entries.length)) ?? '';

/**
 * Tells whether a proxy reports that a client came over plain HTTP, in `X-Forwarded-Proto` or in `Forwarded`. Lists are read
 * from the right, like addresses. One that says nothing, or something else, reports no such thing.
 * @param trustedSteps how many proxies of ours the request came through, so how many entries are theirs; at least 1
 */
export function reportsPlainHttp(headers: IncomingHttpHeaders, trustedSteps: number): boolean {
  const reports = [
    believed(listed(headers['x-forwarded-proto']), trustedSteps),
    protocolIn(believed(listed(headers.forwarded), trustedSteps)),
  ];
  return reports.some((protocol) => protocol.trim().toLowerCase() === 'http');
}
