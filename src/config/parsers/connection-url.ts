import { Secret } from '../../shared/secret.js';
import type { Parsed } from './parsed.js';
import { faulty, sound } from './parsed.js';

const parse = (text: string, schemes: readonly string[]): URL | undefined => {
  if (/\s/.test(text) || !URL.canParse(text)) {
    return undefined;
  }
  const url = new URL(text);
  return schemes.includes(url.protocol) && isDecodable(url) ? url : undefined;
};

/** A bare `%` in a password would fail at the first connection, with the whole URL in the error. */
const isDecodable = (url: URL): boolean => {
  try {
    [url.username, url.password, url.hostname, url.pathname].forEach(decodeURIComponent);
    return true;
  } catch {
    return false;
  }
};

export const postgresUrl = (text: string): Parsed<Secret> => {
  const url = parse(text, ['postgres:', 'postgresql:']);
  return url !== undefined && (url.hostname !== '' || url.searchParams.has('host'))
    ? sound(new Secret(text))
    : faulty('must be postgres://user:password@host:5432/database (special characters percent-encoded)');
};

export const redisUrl = (text: string): Parsed<Secret> => {
  const url = parse(text, ['redis:', 'rediss:']);
  const isPlain = url !== undefined && url.hostname !== '' && /^(?:\/(?:[0-9]{1,4})?)?$/.test(url.pathname);
  return isPlain && url.search === '' && url.hash === ''
    ? sound(new Secret(text))
    : faulty('must be redis://user:password@host:6379/0 or rediss://… (special characters percent-encoded, no query)');
};

// nodemailer takes its options from the query, and these would print messages, links and credentials.
const TELLTALE_OPTIONS = ['logger', 'debug', 'transactionLog'];

export const smtpUrl = (text: string): Parsed<Secret> => {
  const url = parse(text, ['smtp:', 'smtps:']);
  const isPlain =
    url !== undefined &&
    url.hostname !== '' &&
    (url.pathname === '' || url.pathname === '/') &&
    !TELLTALE_OPTIONS.some((option) => url.searchParams.has(option));
  return isPlain
    ? sound(new Secret(text))
    : faulty(
        'must be smtp://user:password@host:587 or smtps://user:password@host:465 ' +
          `(special characters percent-encoded; no ${TELLTALE_OPTIONS.join(', ')})`,
      );
};
