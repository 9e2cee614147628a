import { Body, Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientOf } from '../../http/client-context.js';
import { ApiProblems } from '../../http/problem.dto.js';
import { RateLimit } from '../../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../../security/throttler.guard.js';
import { requireEmail } from '../../users/email-address.js';
import { EmptyResponse } from '../auth.dto.js';
import { EmailRequest, LinkRequest, PasswordResetRequest, PasswordResetResponse } from './account.dto.js';
import { EmailConfirmations } from './email-confirmations.js';
import { MailGuard } from './mail.guard.js';
import { PasswordResets } from './password-resets.js';
import { RequestedLinks } from './requested-links.js';

@ApiTags('account')
@Controller('api')
@UseGuards(ThrottlerGuard)
export class LinksController {
  constructor(
    private readonly confirmations: EmailConfirmations,
    private readonly resets: PasswordResets,
    private readonly links: RequestedLinks,
  ) {}

  /** Uses the token of a mailed link: verifies the address of an account, or gives it the one that was asked for. */
  @Post('email/verify')
  @HttpCode(204)
  @UseGuards(MailGuard)
  @RateLimit('login')
  @ApiNoContentResponse()
  @ApiProblems('link_invalid', 'not_found')
  async verifyEmail(@Body() { token }: LinkRequest, @Req() request: FastifyRequest): Promise<void> {
    await this.confirmations.confirm(token, clientOf(request));
  }

  /** Mails a new link to verify an address, where there is an account that waits for it. The answer is always the same. */
  @Post('email/resend')
  @HttpCode(202)
  @UseGuards(MailGuard)
  @RateLimit('register')
  @ApiAcceptedResponse({ type: EmptyResponse })
  @ApiProblems('not_found')
  async resendVerification(@Body() { email }: EmailRequest, @Req() request: FastifyRequest): Promise<EmptyResponse> {
    await this.links.request('verify_email', requireEmail(email), clientOf(request));
    return {};
  }

  /** Mails a link to choose a new password, where the address has an account. The answer is always the same. */
  @Post('password/forgot')
  @HttpCode(202)
  @UseGuards(MailGuard)
  @RateLimit('register')
  @ApiAcceptedResponse({ type: EmptyResponse })
  @ApiProblems('not_found')
  async forgotPassword(@Body() { email }: EmailRequest, @Req() request: FastifyRequest): Promise<EmptyResponse> {
    await this.links.request('password_reset', requireEmail(email), clientOf(request));
    return {};
  }

  /**
   * Sets a password with the token of a mailed link; an invitation is accepted in the same way. Every session of the
   * account ends, and no device is known any more but the one that keeps the `deviceToken` of the answer. Also there with
   * `MAIL=off`, for the link that `admin:recover` prints.
   */
  @Post('password/reset')
  @HttpCode(200)
  @RateLimit('login')
  @ApiOkResponse({ type: PasswordResetResponse })
  @ApiProblems('link_invalid', 'password_weak', 'overloaded')
  async resetPassword(
    @Body() { token, password }: PasswordResetRequest,
    @Req() request: FastifyRequest,
  ): Promise<PasswordResetResponse> {
    return { deviceToken: await this.resets.reset(token, password, clientOf(request)) };
  }
}
