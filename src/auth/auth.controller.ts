import { Body, Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientOf } from '../http/client-context.js';
import { ApiProblems } from '../http/problem.dto.js';
import { bearerToken } from '../security/bearer-token.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import type { PresentedRefreshToken } from '../tokens/sessions/refresh-token.js';
import { EmptyResponse, LoginRequest, LogoutRequest, RefreshRequest, RegisterRequest } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import type { CheckedPassword } from './password-sign-in.js';
import { Registration } from './registration.js';
import { Checked, LocalAuthGuard } from './strategies/local.strategy.js';
import { Presented, RefreshTokenGuard } from './strategies/refresh-token.strategy.js';
import { TokensResponse } from './tokens.dto.js';

@ApiTags('sign-in')
@Controller('api')
@UseGuards(ThrottlerGuard)
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly registration: Registration,
  ) {}

  /** Registers an account. The answer is the same whether or not the address has one: its owner is told by mail. */
  @Post('register')
  @HttpCode(202)
  @RateLimit('register')
  @ApiAcceptedResponse({ type: EmptyResponse })
  @ApiProblems('validation_failed', 'password_weak', 'registration_closed', 'rate_limited', 'overloaded')
  async register(@Body() body: RegisterRequest, @Req() request: FastifyRequest): Promise<EmptyResponse> {
    await this.registration.register(body, clientOf(request));
    return {};
  }

  /** Signs in with a password and opens a session. */
  @Post('login')
  @HttpCode(200)
  @RateLimit('login')
  @UseGuards(LocalAuthGuard)
  @ApiBody({ type: LoginRequest })
  @ApiOkResponse({ type: TokensResponse })
  @ApiProblems(
    'validation_failed',
    'invalid_credentials',
    'account_disabled',
    'email_unverified',
    'rate_limited',
    'overloaded',
  )
  async login(
    @Checked() checked: CheckedPassword,
    @Body() { deviceName }: LoginRequest,
    @Req() request: FastifyRequest,
  ): Promise<TokensResponse> {
    return TokensResponse.from(await this.auth.signIn(checked, deviceName, clientOf(request)));
  }

  /**
   * Exchanges a refresh token for the next one and a new access token. A repeat with the token before, within the grace
   * or with the same `Idempotency-Key`, gets the same refresh token again and the header `X-Refresh-Replay: retry`.
   */
  @Post('refresh')
  @HttpCode(200)
  @RateLimit('refresh')
  @UseGuards(RefreshTokenGuard)
  @ApiBody({ type: RefreshRequest })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: '1 to 255 visible ASCII characters' })
  @ApiOkResponse({ type: TokensResponse })
  @ApiProblems(
    'validation_failed',
    'refresh_invalid',
    'refresh_expired',
    'refresh_reused',
    'session_revoked',
    'refresh_superseded',
    'rate_limited',
  )
  async refresh(
    @Presented() presented: PresentedRefreshToken,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse> {
    const idempotencyKey = idempotencyKeyOf(request);
    const { tokens, repeated } = await this.auth.refresh({ presented, idempotencyKey, client: clientOf(request) });
    if (repeated) reply.header('X-Refresh-Replay', 'retry');
    return TokensResponse.from(tokens);
  }

  /**
   * Signs out: ends the session of the bearer token, and that of the refresh token in the body where there is one. Either
   * alone will do. Their access tokens are refused from then on. No error where a session has ended already.
   */
  @Post('logout')
  @HttpCode(204)
  @RateLimit('bearer')
  @ApiNoContentResponse()
  @ApiProblems(
    'validation_failed',
    'token_missing',
    'token_invalid',
    'token_expired',
    'refresh_invalid',
    'rate_limited',
  )
  async logout(@Body() { refreshToken }: LogoutRequest, @Req() request: FastifyRequest): Promise<void> {
    await this.auth.signOut(refreshToken, () => bearerToken(request));
  }
}
