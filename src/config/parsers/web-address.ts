import type { Parsed } from './parsed.js';
import { faulty, sound } from './parsed.js';
import { splitList } from './plain.js';

// `https://*.example.com` is a URL to URL(): names and addresses alone are listed here.
const ORIGIN = /^https?:\/\/(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;
const MOST_ORIGINS = 100;

const isOrigin = (text: string): boolean => ORIGIN.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** An origin exactly as a browser sends it (RFC 6454 §6.2), since it is compared as text. */
export const webOrigin = (text: string): Parsed<string> =>
  isOrigin(text)
    ? sound(text)
    : faulty(
        'must be an http or https origin as a browser writes it: lower case, no path, no trailing slash, no default port, no credentials',
      );

export const webOrigins = (text: string): Parsed<readonly string[]> => {
  const entries = splitList(text, MOST_ORIGINS);
  return entries?.every(isOrigin) === true
    ? sound(entries)
    : faulty(
        `must be up to ${MOST_ORIGINS} comma-separated origins such as https://app.example.com: ` +
          'no *, no null, no pattern, no path and no trailing slash',
      );
};

/** The address that paths are appended to: an origin, with a path or without. */
export const webBase = (text: string): Parsed<string> => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && isOrigin(url.origin) && !/[?#@\s\\]/.test(text) && !text.endsWith('/');
  return isPlain && [url.href, url.origin].includes(text)
    ? sound(text)
    : faulty('must be an http or https address without query, fragment, credentials and trailing slash');
};

/** Where traces go: the address before `/v1/traces`, as the OpenTelemetry specification has it. */
export const collectorUrl = (text: string): Parsed<string> => {
  const url = URL.canParse(text) && !/[\s?#@\\]/.test(text) ? new URL(text) : undefined;
  return url !== undefined && ['http:', 'https:'].includes(url.protocol)
    ? sound(text)
    : faulty('must be an http or https address such as http://127.0.0.1:4318, without query, fragment and credentials');
};

export const isHttps = (address: string): boolean => address.startsWith('https://');
