import { Body, Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ApiProblems } from '../../http/problem.dto.js';
import { JwtAuthGuard } from '../../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../../security/principal.js';
import type { Principal } from '../../security/principal.js';
import { RateLimit } from '../../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../../security/throttler.guard.js';
import { requireEmail } from '../../users/email-address.js';
import { EmptyResponse } from '../auth.dto.js';
import { guesserOf } from '../guesser.js';
import { AccountDeletion } from './account-deletion.js';
import { AccountDeletionRequest, EmailChangeRequest, PasswordChangeRequest } from './account.dto.js';
import { EmailChanges } from './email-changes.js';
import { MailGuard } from './mail.guard.js';
import { PasswordChanges } from './password-changes.js';

/** What each of them may answer with. */
const PROBLEMS = ['invalid_credentials', 'mfa_required', 'mfa_invalid', 'overloaded'] as const;

/** What an owner changes: each takes the password again and, where there is a second factor, a code. */
@ApiTags('account')
@ApiBearerAuth()
@Controller('api/me')
@UseGuards(ThrottlerGuard, JwtAuthGuard)
@RateLimit('bearer')
export class AccountController {
  constructor(
    private readonly passwords: PasswordChanges,
    private readonly emails: EmailChanges,
    private readonly deletion: AccountDeletion,
  ) {}

  /** Changes the password. Every other session ends; access tokens that are out must be refreshed. */
  @Post('password')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiProblems(...PROBLEMS, 'password_weak')
  async changePassword(
    @CurrentPrincipal() principal: Principal,
    @Body() { currentPassword, newPassword, code }: PasswordChangeRequest,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const proof = { password: currentPassword, code };
    await this.passwords.change(proof, newPassword, { principal, ...guesserOf(request) });
  }

  /**
   * Asks for another address. It takes effect from the link that is mailed there (`POST /api/email/verify`), and the old
   * address is told. The answer is the same where the address is taken.
   */
  @Post('email')
  @HttpCode(202)
  @UseGuards(MailGuard)
  @ApiAcceptedResponse({ type: EmptyResponse })
  @ApiProblems(...PROBLEMS, 'not_found')
  async changeEmail(
    @CurrentPrincipal() principal: Principal,
    @Body() { email, ...proof }: EmailChangeRequest,
    @Req() request: FastifyRequest,
  ): Promise<EmptyResponse> {
    await this.emails.request(proof, requireEmail(email), { principal, ...guesserOf(request) });
    return {};
  }

  /** Deletes the account with its sessions and factors. There is no way back. */
  @Post('delete')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiProblems(...PROBLEMS, 'last_admin')
  async deleteOwnAccount(
    @CurrentPrincipal() principal: Principal,
    @Body() proof: AccountDeletionRequest,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.deletion.delete(proof, { principal, ...guesserOf(request) });
  }
}
