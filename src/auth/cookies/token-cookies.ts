import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DEVICE_LIFE_SECONDS } from '../guesses/device-tokens.js';
import type { IssuedTokens } from '../token-issuer.js';

/** The prefix binds a cookie to this host, to https and to the path `/`: no sister domain can set it (RFC 6265bis §4.1.3.2). */
const REFRESH = '__Host-refresh';
const DEVICE = '__Host-device';

export const refreshTokenInCookie = (request: FastifyRequest): string | undefined => cookieOf(request, REFRESH);
export const deviceTokenInCookie = (request: FastifyRequest): string | undefined => cookieOf(request, DEVICE);

/** Hands refresh token and device token over where no script reads them. */
export function setTokenCookies(reply: FastifyReply, tokens: IssuedTokens): void {
  setCookie(reply, REFRESH, tokens.refreshToken, tokens.refreshExpiresInSeconds);
  if (tokens.deviceToken !== undefined) setCookie(reply, DEVICE, tokens.deviceToken, DEVICE_LIFE_SECONDS);
}

/** The device stays known. */
export function clearRefreshCookie(reply: FastifyReply): void {
  setCookie(reply, REFRESH, '', 0);
}

function setCookie(reply: FastifyReply, name: string, value: string, maxAge: number): void {
  const attributes = { httpOnly: true, secure: true, sameSite: 'strict', path: '/', maxAge } as const;
  // Fastify appends: each cookie has a header field of its own.
  void reply.header('set-cookie', stringifySetCookie({ name, value, ...attributes }));
}

/** An empty one is none. */
function cookieOf(request: FastifyRequest, name: string): string | undefined {
  const value = parseCookie(request.headers.cookie ?? '')[name];
  return value === '' ? undefined : value;
}
