import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiSecurity } from '@nestjs/swagger';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DEVICE_LIFE_SECONDS } from '../guesses/device-tokens.js';
import type { IssuedTokens } from '../token-issuer.js';

/** The prefix binds a cookie to this host, to https and to the path `/`: no sister domain can set it (RFC 6265bis §4.1.3.2). */
export const REFRESH_COOKIE = '__Host-refresh';
export const DEVICE_COOKIE = '__Host-device';

/** What `ApiBearerAuth` is to tokens in a header: the refresh token in its cookie, and the header that guards it. */
export const ApiRefreshCookie = (): MethodDecorator =>
  applyDecorators(
    ApiSecurity('refreshCookie'),
    ApiHeader({
      name: 'X-Gatehouse',
      required: false,
      description: 'For a call by cookie, which takes JSON besides: no other site can send it.',
      schema: { type: 'string', enum: ['1'] },
    }),
  );

/** Documents that an answer may hand the tokens over in cookies, or clear them. */
export const SET_COOKIE = { 'Set-Cookie': { $ref: '#/components/headers/Set-Cookie' } };

export const refreshTokenInCookie = (request: FastifyRequest): string | undefined => cookieOf(request, REFRESH_COOKIE);
export const deviceTokenInCookie = (request: FastifyRequest): string | undefined => cookieOf(request, DEVICE_COOKIE);

/** Hands refresh token and device token over where no script reads them. */
export function setTokenCookies(reply: FastifyReply, tokens: IssuedTokens): void {
  setCookie(reply, REFRESH_COOKIE, tokens.refreshToken, tokens.refreshExpiresInSeconds);
  if (tokens.deviceToken !== undefined) setCookie(reply, DEVICE_COOKIE, tokens.deviceToken, DEVICE_LIFE_SECONDS);
}

/** The device stays known. */
export function clearRefreshCookie(reply: FastifyReply): void {
  setCookie(reply, REFRESH_COOKIE, '', 0);
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
