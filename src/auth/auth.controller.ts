import { Body, Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiAcceptedResponse,
  ApiBody,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientOf } from '../http/client-context.js';
import { ApiProblems } from '../http/problem.dto.js';
import { bearerToken } from '../security/bearer-token.js';
import type { SessionId } from '../shared/ids.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { decodeRefreshToken } from '../tokens/sessions/refresh-token.js';
import { RefreshExpiredError, RefreshReusedError, SessionRevokedError } from '../tokens/tokens.errors.js';
import { EmptyResponse, LogoutRequest, RefreshRequest, RegisterRequest } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { CrossSiteCheck } from './cookies/cross-site-check.js';
import { ApiRefreshCookie, SET_COOKIE, clearRefreshCookie, refreshTokenInCookie } from './cookies/token-cookies.js';
import { IDEMPOTENCY_KEY, idempotencyKeyOf } from './idempotency-key.js';
import { Registration } from './registration.js';
import { Presented, RefreshTokenGuard } from './strategies/refresh-token.strategy.js';
import type { PresentedToken } from './strategies/refresh-token.strategy.js';
import { answerWithTokens } from './tokens-answer.js';
import { TokensResponse } from './tokens.dto.js';

const OVER = [RefreshExpiredError, RefreshReusedError, SessionRevokedError];

const REPLAY = { 'X-Refresh-Replay': { $ref: '#/components/headers/X-Refresh-Replay' } };

@ApiTags('sign-in')
@Controller('api')
@UseGuards(ThrottlerGuard)
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly registration: Registration,
    private readonly crossSite: CrossSiteCheck,
  ) {}

  /** Registers an account. The answer is the same whether or not the address has one: its owner is told by mail. */
  @Post('register')
  @HttpCode(202)
  @RateLimit('register')
  @ApiAcceptedResponse({ type: EmptyResponse })
  @ApiProblems('password_weak', 'registration_closed', 'overloaded')
  async register(@Body() body: RegisterRequest, @Req() request: FastifyRequest): Promise<EmptyResponse> {
    await this.registration.register(body, clientOf(request));
    return {};
  }

  /**
   * Exchanges a refresh token for the next one and a new access token. A repeat with the token before, within the grace
   * or with the same `Idempotency-Key`, gets the same refresh token again and the header `X-Refresh-Replay: retry`. By
   * cookie it takes the header `X-Gatehouse: 1`; a refusal clears the cookie only where the session has ended.
   */
  @Post('refresh')
  @HttpCode(200)
  @RateLimit('refresh')
  @UseGuards(RefreshTokenGuard)
  @ApiBody({ type: RefreshRequest })
  @ApiRefreshCookie()
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'Chosen anew for each refresh token, and sent with every try: a repeat at any later time gets the same answer.',
    schema: { type: 'string', ...IDEMPOTENCY_KEY },
  })
  @ApiOkResponse({ type: TokensResponse, headers: { ...SET_COOKIE, ...REPLAY } })
  @ApiProblems(
    'refresh_invalid',
    'refresh_expired',
    'refresh_reused',
    'session_revoked',
    'refresh_superseded',
    'csrf_rejected',
  )
  async refresh(
    @Presented() { token, from }: PresentedToken,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse> {
    const idempotencyKey = idempotencyKeyOf(request);
    const refreshing = this.auth.refresh({ presented: token, idempotencyKey, client: clientOf(request) });
    const { tokens, repeated } = await (from === 'cookie' ? clearingWhatEnded(reply, refreshing) : refreshing);
    if (repeated) reply.header('X-Refresh-Replay', 'retry');
    return answerWithTokens(reply, tokens, from);
  }

  /**
   * Signs out: ends the session of the bearer token, and that of the refresh token in the body or, with the header
   * `X-Gatehouse: 1`, in the cookie. Either alone will do. Their access tokens are refused from then on, and its
   * cookie is cleared. No error where a session has ended already.
   */
  @Post('logout')
  @HttpCode(204)
  @RateLimit('bearer')
  @ApiBearerAuth()
  @ApiRefreshCookie()
  @ApiNoContentResponse({ headers: SET_COOKIE })
  @ApiProblems('token_missing', 'token_invalid', 'token_expired', 'refresh_invalid', 'csrf_rejected')
  async logout(
    @Body() { refreshToken }: LogoutRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const cookie = refreshTokenInCookie(request);
    const proof = refreshToken ?? (cookie !== undefined && this.isGuarded(request) ? cookie : undefined);
    const ended = await this.auth.signOut(proof, () => bearerToken(request), clientOf(request));
    // Of another session it stays: that one lives on.
    if (ended.some((id) => id === sessionOf(cookie))) clearRefreshCookie(reply);
  }

  /** Beside a bearer token a cookie may be anyone's doing: it is passed over where its guard is missing. */
  private isGuarded(request: FastifyRequest): boolean {
    try {
      this.crossSite.assertGuarded(request);
      return true;
    } catch (error) {
      if (request.headers.authorization !== undefined) return false;
      throw error;
    }
  }
}

const sessionOf = (cookie: string | undefined): SessionId | undefined =>
  cookie === undefined ? undefined : decodeRefreshToken(cookie)?.sessionId;

/** Clears the cookie of a session that is over: any other refusal may be mended by the next try. */
async function clearingWhatEnded<Result>(reply: FastifyReply, refreshing: Promise<Result>): Promise<Result> {
  try {
    return await refreshing;
  } catch (error) {
    const isOver = OVER.some((ended) => error instanceof ended);
    if (isOver) clearRefreshCookie(reply);
    throw error;
  }
}
