import type { ErrorCode } from '../shared/error-codes.js';

/** What people are told of an error code: `docs/errors.md`, `/docs/errors` and the OpenAPI document are made from it. */
export interface ProblemText {
  /** The heading that it stands under. */
  readonly section: string;
  /** What it means, and what a client should do; in Markdown with `code` alone. */
  readonly meaning: string;
  /** A `detail` that it is answered with. */
  readonly detail: string;
}

const under =
  (section: string) =>
  (meaning: string, detail: string): ProblemText => ({ section, meaning, detail });

const request = under('The request itself');
const bearer = under('Access tokens');
const account = under('Accounts and sign-in');
const factor = under('Second factors');
const session = under('Refresh tokens and sessions');
const service = under('Other services');
const keys = under('Signing keys');
const own = under('The service');

/** In the order in which they are shown. A code that lacks its text does not compile. */
export const PROBLEM_TEXTS: Readonly<Record<ErrorCode, ProblemText>> = {
  malformed_request: request(
    'The request is not HTTP as it must be: no or several `Host` fields, a bad percent-encoding in the URL, and the like. Mend the client; a repeat gets the same answer.',
    'The request is not well-formed HTTP.',
  ),
  malformed_json: request(
    'The body is not JSON in UTF-8, is nested too deeply, or has a member such as `__proto__`. Mend the client.',
    'The body is not a JSON text in UTF-8, is nested too deeply, or has a member that is not allowed.',
  ),
  validation_failed: request(
    'Fields are missing, unknown or not as they must be. `errors` lists each as `{"field", "message"}`: show the message beside the field.',
    'The request has fields that are missing, unknown or not as they must be; `errors` lists them.',
  ),
  payload_too_large: request('The body is over 16 KiB. Send less.', 'The body is larger than 16384 bytes.'),
  headers_too_large: request(
    'Request line and headers together are over 8 KiB. Drop cookies and headers that this service does not need.',
    'The request line and header fields are too large.',
  ),
  unsupported_media_type: request(
    'A body must be `Content-Type: application/json` in UTF-8, without `Content-Encoding`.',
    'The body must be application/json in UTF-8, without a content coding.',
  ),
  request_timeout: request(
    'Headers took over 10 s or the whole request over 30 s to arrive. Repeat it on a new connection.',
    'The request did not arrive in time.',
  ),
  https_required: request(
    'The request reached the proxy in front of the service over plain HTTP. Nothing of it was read, and it is not redirected; what it carried was sent in the clear, so change it. Use the `https` address. If you did, the proxy reports the wrong protocol: `X-Forwarded-Proto` must say how the client came.',
    'This service is reached over https alone, and the proxy in front of it says that this request was not.',
  ),
  not_found: request(
    "No such route, or no such thing for this caller: somebody else's session is not found either.",
    'There is nothing at this address.',
  ),
  rate_limited: request(
    'A limit is spent; `RateLimit` and `RateLimit-Policy` say which. Wait `Retry-After` seconds. Where a password or code is asked for it may also mean that too many wrong ones came before: this one was not looked at. It says nothing of whether there is an account.',
    'Too many requests. Wait as long as Retry-After says.',
  ),
  token_missing: bearer(
    'The route needs `Authorization: Bearer …` and the request has none. Sign in.',
    'The request has no access token.',
  ),
  token_invalid: bearer(
    'Not a token of this service, altered, for another audience, or sent in two headers. Do not repeat; refresh or sign in.',
    'The access token is not valid.',
  ),
  token_expired: bearer(
    'Refresh, then repeat the request once.',
    'The access token has expired. Refresh and repeat once.',
  ),
  token_stale: bearer(
    "The user's rights or the signing key changed since it was issued. Refresh, then repeat the request once.",
    'The rights or the key behind the access token have changed. Refresh and repeat once.',
  ),
  token_revoked: bearer(
    'Its session or its user has ended. Forget both tokens and sign in.',
    'The account of this token no longer exists.',
  ),
  forbidden: bearer(
    'The token is good but does not carry the role that the route takes, or an admin asked for something that nobody does to their own account; `detail` says which. Do not repeat.',
    'Nobody does this to their own account: it takes another admin.',
  ),
  reauth_required: bearer(
    'The sign-in behind the token is older than `max_age` in `WWW-Authenticate` (RFC 9470). A refresh does not help: have the user sign in again.',
    'This takes a more recent sign-in. Sign in again.',
  ),
  mfa_enrolment_required: bearer(
    'The route takes a sign-in with a second factor. See `ADMIN_REQUIRE_MFA`.',
    'This takes a sign-in with a second factor. Enrol one, then sign in with it.',
  ),
  revocation_unknown: bearer(
    'This instance has not heard from Postgres for 5 s and will not guess whether the token still holds. Keep the tokens; repeat after `Retry-After`.',
    'It cannot be told right now whether the token has been revoked.',
  ),
  invalid_credentials: account(
    'Address or password is wrong; the answer does not tell which, nor whether there is such an account. `RateLimit` says how many tries are left.',
    'The e-mail address or the password is wrong.',
  ),
  account_disabled: account(
    'Said only after the right password. Nothing the client can do.',
    'This account has been disabled.',
  ),
  email_unverified: account(
    'Said only after the right password, where `REQUIRE_VERIFIED_EMAIL` is on.',
    'The e-mail address of this account has not been verified yet.',
  ),
  password_weak: account(
    "`reason` says why: `too_short`, `too_long`, `malformed` (not valid Unicode), `common`, or `contextual` (made of the user's own name, address or the product's name). Show `detail` and let the user choose another.",
    'Too many sign-ins at once. Try again in a moment.',
  ),
  registration_closed: account('This service takes no registrations.', 'This service does not accept registrations.'),
  link_invalid: account(
    'The token of a mailed link is unknown, was used, has expired, or was ended by a newer link or by a change of the account since. Which of these is not told. Offer to send a new link.',
    'The link is not valid any more. Ask for a new one.',
  ),
  email_taken: account(
    'Only admins are told: there is an account with this address already.',
    'There is an account with this e-mail address already.',
  ),
  last_admin: account(
    'It would leave nobody who can sign in as an admin. Make another account an admin first.',
    'This is the last admin who can sign in. Make another account an admin first.',
  ),
  mfa_required: factor(
    'The account has a second factor. At a sign-in the password was right: ask for a code, and send it with the `mfaToken` of this answer to `POST /api/login/mfa` within five minutes; `methods` lists what is accepted. At a route under `/api/me`: repeat the request with `code`.',
    'The account has a second factor: a code is needed, too.',
  ),
  mfa_invalid: factor(
    "The code or recovery code is wrong or was used before, or the `mfaToken` has run out: it is good for five minutes, five codes and one sign-in, and any change of the account's credentials ends it. Ask again; after five, start the sign-in anew.",
    'The code is wrong or no longer valid.',
  ),
  mfa_enrolled: factor('Remove the one there is first.', 'The account has a second factor already. Remove it first.'),
  refresh_invalid: session(
    'Not a refresh token of this service, or cut or altered. Nothing was revoked. Sign in.',
    'The refresh token is not one of ours.',
  ),
  refresh_expired: session(
    'The session was not used for `REFRESH_EXPIRE`, or is older than `SESSION_MAX_AGE`. Sign in.',
    'The session has expired. Sign in again.',
  ),
  refresh_reused: session(
    'The token had been spent before, outside of what a repeat may be. Its session was revoked, since one of two holders must be a thief. Forget both tokens, sign in, and tell the user.',
    'The refresh token was spent before. Its session has been revoked. Sign in again.',
  ),
  refresh_superseded: session(
    'Another tab or request of this client is two steps ahead. Nothing was issued or revoked: read the newer token from where the clients share it and use that.',
    'A newer refresh token of this session is already in use. Use that one.',
  ),
  session_revoked: session(
    'The session was ended: signed out, ended from another device or by an admin. Sign in.',
    'The session has been revoked. Sign in again.',
  ),
  csrf_rejected: session(
    "A call that is proved by the cookie must be sent as `Content-Type: application/json` with the header `X-Gatehouse: 1`, from the service's own origin or one of `CORS_ORIGINS`. Mend the client; the session is untouched.",
    'A call by cookie takes JSON, the header X-Gatehouse: 1 and an origin that is listed.',
  ),
  count_mismatch: session(
    'Not as many sessions match as `expected` says: some were opened or ended since you looked. Nothing was revoked. `matched` says how many there are now; look at them and repeat with that number.',
    'The number of sessions that match has changed. Nothing was revoked: look again.',
  ),
  too_many: session(
    "More than 100,000 sessions match the filter. Nothing was revoked. Narrow the filter and revoke them in parts, or revoke everyone's with `all: true`.",
    'More than 100000 sessions match. Nothing was revoked: narrow the filter, or revoke all.',
  ),
  invalid_client: service(
    "A route for other services needs client credentials by HTTP Basic, and there are none or they are wrong. Check the client's id and secret; do not repeat as it is. Under `/oauth` the answer is RFC 6749's JSON with `error` `invalid_client`.",
    'This takes the credentials of a service client, by HTTP Basic.',
  ),
  keys_in_config: keys(
    'Under HS256 the signing keys are the configured secrets, so there is nothing to rotate by request: change `JWT_SECRET`.',
    'The signing keys are the configured secrets: change JWT_SECRET instead.',
  ),
  overloaded: own(
    'Too many passwords are being hashed at once; this one was not looked at. Repeat after `Retry-After`.',
    'Too many sign-ins at once. Try again in a moment.',
  ),
  unavailable: own(
    'Postgres does not answer, or the connection broke while a change was being committed, so that it may or may not have been made. Repeat after `Retry-After`; a refresh with the same token and `Idempotency-Key`.',
    'The service cannot answer right now. Try again shortly.',
  ),
  internal_error: own(
    'A fault of the service. The log has it under `requestId`.',
    'Something went wrong. The request id finds the cause in the log.',
  ),
};
