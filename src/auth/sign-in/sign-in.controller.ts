import { Body, Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientOf } from '../../http/client-context.js';
import { ValidationFailedError } from '../../http/http.errors.js';
import { ApiCookie } from '../../http/api-cookie.js';
import { ApiProblems } from '../../http/problem.dto.js';
import { RateLimit } from '../../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../../security/throttler.guard.js';
import { asFactorProof } from '../account/reauthentication.js';
import { LoginRequest, MfaLoginRequest } from '../auth.dto.js';
import { CrossSiteCheck } from '../cookies/cross-site-check.js';
import { DEVICE_COOKIE, SET_COOKIE } from '../cookies/token-cookies.js';
import { DEVICE_TOKEN } from '../../shared/json-formats.js';
import { guesserOf } from '../guesser.js';
import { Checked, LocalAuthGuard } from '../strategies/local.strategy.js';
import { answerWithTokens } from '../tokens-answer.js';
import { TokensResponse } from '../tokens.dto.js';
import { MfaSignIn } from './mfa-sign-in.js';
import type { CheckedPassword } from './password-sign-in.js';
import { SignIn } from './sign-in.js';
import { SignInTally } from './sign-in-tally.js';

@ApiTags('sign-in')
@Controller('api/login')
@UseGuards(ThrottlerGuard)
@RateLimit('login')
export class SignInController {
  constructor(
    private readonly signIn: SignIn,
    private readonly secondStep: MfaSignIn,
    private readonly crossSite: CrossSiteCheck,
    private readonly tally: SignInTally,
  ) {}

  /**
   * Signs in with a password and opens a session. An account with a second factor is answered `mfa_required`, with the
   * `mfaToken` for the second step and its `methods`.
   */
  @Post()
  @HttpCode(200)
  @UseGuards(LocalAuthGuard)
  @ApiBody({ type: LoginRequest })
  @ApiCookie({
    name: DEVICE_COOKIE,
    description: 'The device token, where `refreshTokenIn` is `cookie` and the body has none.',
    form: { type: 'string', ...DEVICE_TOKEN },
  })
  @ApiOkResponse({ type: TokensResponse, headers: SET_COOKIE })
  @ApiProblems(
    'invalid_credentials',
    'mfa_required',
    'account_disabled',
    'email_unverified',
    'csrf_rejected',
    'overloaded',
  )
  async login(
    @Checked() checked: CheckedPassword,
    @Body() { deviceName, refreshTokenIn = 'body' }: LoginRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse> {
    const wish = { deviceName, refreshTokenIn };
    const tokens = await this.tally.step('password', () => this.signIn.afterPassword(checked, wish, clientOf(request)));
    return answerWithTokens(reply, tokens, refreshTokenIn);
  }

  /** The second step of a sign-in: a code of the authenticator app, or a recovery code. */
  @Post('mfa')
  @HttpCode(200)
  @ApiOkResponse({ type: TokensResponse, headers: SET_COOKIE })
  @ApiProblems('mfa_invalid', 'csrf_rejected')
  async loginWithSecondFactor(
    @Body() { mfaToken, ...codes }: MfaLoginRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse> {
    const proof = asFactorProof(codes);
    if (!proof) throw new ValidationFailedError([{ field: 'code', message: 'must be sent, or recoveryCode instead' }]);
    // Before the code is used up.
    if (await this.secondStep.wantsCookies(mfaToken)) this.crossSite.assertOurs(request);
    const { tokens, refreshTokenIn } = await this.tally.step('second_factor', async () => {
      const checked = await this.secondStep.check(mfaToken, proof, guesserOf(request));
      const issued = await this.signIn.afterSecondFactor(mfaToken, checked, clientOf(request));
      return { tokens: issued, refreshTokenIn: checked.challenge.refreshTokenIn };
    });
    return answerWithTokens(reply, tokens, refreshTokenIn);
  }
}
