/** A finding that is left as it is. */
export interface Exception {
  readonly rule: string;
  /** Which of its places in the document, as JSON pointers; all of them where there is none. */
  readonly at?: RegExp;
  readonly reason: string;
}

const PROBES = '/paths/~1health~1(live|ready)/';
const WELL_KNOWN = '/paths/~1\\.well-known~1[a-z.~1-]+/';
const NO_CREDENTIALS =
  '/paths/~1api~1(register|login|login~1mfa|email~1verify|email~1resend|password~1forgot|password~1reset|refresh|logout)/';

/**
 * Where the document departs from Redocly's `recommended`, Spectral's `oas` or the OWASP API rules, and why. One that no
 * finding needs any more fails the check, as a new finding does.
 */
export const EXCEPTIONS: readonly Exception[] = [
  {
    rule: 'no-unused-components',
    at: /^\/components\/schemas\/RevocationEvent$/,
    reason: 'It is the `x-itemSchema` of the stream: OpenAPI 3.1 has no keyword for the items of one, as 3.2 has.',
  },
  {
    rule: 'oas3-operation-security-defined',
    at: /^\/paths\/~1api~1admin~1.*\/security\/0\/bearer\/0$/,
    reason: 'OpenAPI 3.1 lets other schemes than OAuth list roles here (§4.8.30); the rule knows 3.0 alone.',
  },
  {
    rule: 'owasp:api2:2023-no-http-basic',
    at: /^\/components\/securitySchemes\/basic\//,
    reason:
      'RFC 6749 §2.3.1 demands it of servers whose clients have secrets: 256 random bits, over TLS, never a person’s.',
  },
  {
    rule: 'owasp:api2:2023-write-restricted',
    at: new RegExp(`^${NO_CREDENTIALS}post(/|$)`),
    reason:
      'Who signs in, registers, or has a mailed link or a refresh token proves it in the body: there is no token yet.',
  },
  {
    rule: 'owasp:api8:2023-define-error-responses-401',
    at: new RegExp(
      `^(${PROBES}|${WELL_KNOWN}|/paths/~1api~1(register|email~1verify|email~1resend|password~1forgot|password~1reset)/)`,
    ),
    reason: 'These routes ask for no credentials, and never answer 401.',
  },
  {
    rule: 'owasp:api2:2023-read-restricted',
    at: new RegExp(`^(${PROBES}|${WELL_KNOWN})`),
    reason: 'Public by their purpose: the platform’s probes, RFC 7517’s key set and RFC 8414’s metadata.',
  },
  {
    rule: 'owasp:api4:2023-rate-limit',
    at: new RegExp(`^${PROBES}`),
    reason: 'Probes are not counted: one that is refused would take a sound instance out of service.',
  },
  {
    rule: 'owasp:api4:2023-rate-limit-responses-429',
    at: new RegExp(`^${PROBES}`),
    reason: 'Probes are not counted.',
  },
  {
    rule: 'owasp:api4:2023-string-limit',
    at: /\/content\/(text~1event-stream|application~1x-ndjson)\/schema$/,
    reason: 'A stream goes on for as long as there is something to tell; each of its items is bounded.',
  },
  {
    rule: 'owasp:api4:2023-string-restricted',
    at: /(\/content\/(text~1event-stream|application~1x-ndjson)\/schema|\/parameters\/\d+\/schema)$/,
    reason:
      'A stream is described by its items. A cursor is whatever an answer had: any other text is refused as altered.',
  },
  {
    rule: 'owasp:api8:2023-define-cors-origin',
    at: /(\/properties\/headers|\/examples\/0\/headers)$/,
    reason: 'A member of a body that is called `headers` is taken for those of a response.',
  },
];
