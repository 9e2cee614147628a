import type { FastifyReply } from 'fastify';
import { setTokenCookies } from './cookies/token-cookies.js';
import type { IssuedTokens, RefreshTokenIn } from './token-issuer.js';
import { TokensResponse } from './tokens.dto.js';

/** Hands tokens over where the client wants them: what is in a cookie is not in the body, too (OWASP ASVS 5.0, 3.3.4). */
export function answerWithTokens(
  reply: FastifyReply,
  tokens: IssuedTokens,
  refreshTokenIn: RefreshTokenIn,
): TokensResponse {
  reply.request.caller = { ...reply.request.caller, sessionId: tokens.sessionId };
  if (refreshTokenIn === 'cookie') setTokenCookies(reply, tokens);
  return TokensResponse.from(tokens, refreshTokenIn);
}
