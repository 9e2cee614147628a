/**
 * What the values of the interface look like, as JSON Schema keywords for `@ApiProperty`: bounds, form and an example, beside
 * the type that TypeScript knows. Responses are tested against them.
 */
const text = <const Form extends object>(maxLength: number, form: Form): { readonly maxLength: number } & Form => ({
  maxLength,
  ...form,
});

const NO_CONTROLS = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';

/** A UUIDv7. */
export const ID = text(36, { format: 'uuid', minLength: 36, example: '0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90' });
export const USER_ID = { ...ID, example: '0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2' };

/** RFC 3339 in UTC, to the millisecond. */
export const TIME = text(24, { format: 'date-time', example: '2026-11-24T06:56:28.966Z' });

/** Of a client or proxy, IPv4 or IPv6, with a zone where the socket has one. */
export const ADDRESS = text(64, { pattern: '^[0-9A-Fa-f:.]+(?:%[0-9A-Za-z._-]+)?$', example: '203.0.113.7' });
/** An address, or a block of them as CIDR. */
export const ADDRESS_BLOCK = text(64, { pattern: '^[0-9A-Fa-f:.]+(?:/\\d{1,3})?$', example: '203.0.113.0/24' });
export const USER_AGENT = text(512, {
  pattern: NO_CONTROLS,
  example: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0',
});
export const REQUEST_ID = text(64, {
  pattern: '^[A-Za-z0-9._-]{8,64}$',
  example: '6568f0b9-8439-42e6-8e55-385eb866bc65',
});
/**
 * Text on one line: no controls or line ends, and nothing that turns the reading direction. In what every reader of patterns
 * knows: without `\p{…}`.
 */
export const LINE = {
  minLength: 1,
  pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]*$',
};
export const EMAIL = text(254, { format: 'email', example: 'ada@example.com' });

/** SHA-256 in hex. */
export const DIGEST = text(64, {
  pattern: '^[0-9a-f]{64}$',
  example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
});

/** Whole, and exact in every client's floating point. */
export const COUNT = {
  type: 'integer',
  format: 'int64',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  example: 12,
} as const;
export const SECONDS = { type: 'integer', format: 'int32', minimum: 0, maximum: 0x7fffffff, example: 900 } as const;
/** Seconds since 1970 (RFC 7519 §2, NumericDate). */
export const NUMERIC_DATE = { ...COUNT, example: 1_795_503_388 } as const;

/** Of an answer: the next page's `cursor`. */
export const CURSOR = text(512, {
  pattern: '^[A-Za-z0-9_.-]+$',
  example: 'AQEBmcL0fR58OptfL2wdjkqQ8m3m9kq1v0Xb3w2S7hQf6g',
});

/** A random or derived token of ours: a prefix that tells its kind, then base64url. */
const opaque = (prefix: string, characters: number) =>
  text(prefix.length + characters, {
    pattern: `^${prefix}[A-Za-z0-9_-]{${characters}}$`,
    example: prefix + 'Zm9yLWV4YW1wbGUtb25seS0'.repeat(5).slice(0, characters),
  });
export const REFRESH_TOKEN = opaque('rt_', 76);
export const DEVICE_TOKEN = opaque('dt_', 98);
export const MFA_TOKEN = opaque('mt_', 43);
export const LINK_TOKEN = opaque('al_', 43);
export const CLIENT_SECRET = opaque('cs_', 43);

/** What somebody types: digits or letters in groups, parted by blanks or hyphens. */
export const CODE = { pattern: NO_CONTROLS };

/** A JWT in compact form (RFC 7519 §3), under 4 KiB. */
export const ACCESS_TOKEN = text(4096, {
  pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$',
  example:
    'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IkUxIn0.eyJzdWIiOiIwMTk5YzJmNC02YTEwLTdiMjEtOGM0ZC05MWIzYTdlNmY1ZDIifQ.c2lnbmF0dXJl',
});

/** The thumbprint of a signing key (RFC 7638); under HS256, a short hash of the secret. */
export const KEY_ID = text(64, { pattern: '^[A-Za-z0-9_-]+$', example: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' });

/** A number of a public key, big endian (RFC 7518 §6). */
export const BASE64URL_NUMBER = text(1024, {
  pattern: '^[A-Za-z0-9_-]+$',
  example: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
});

export const URL_TEXT = text(2048, { format: 'uri', example: 'https://auth.example.com' });

/** Names of roles: see `users/role-name.ts`. */
export const ROLES = {
  type: 'array',
  items: { type: 'string', maxLength: 32, pattern: '^[a-z][a-z0-9_:-]{0,31}$' },
  maxItems: 16,
  example: ['support'],
} as const;

/** How somebody was authenticated (RFC 8176). */
export const AMR = {
  type: 'array' as const,
  items: { type: 'string', enum: ['pwd', 'otp'] },
  maxItems: 2,
  example: ['pwd'],
};
