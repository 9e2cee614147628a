import { Body, Controller, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AccountSupport } from '../auth/account/account-support.js';
import { Invitations } from '../auth/account/invitations.js';
import { MailGuard } from '../auth/account/mail.guard.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UuidParam } from '../http/uuid-param.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { asUserId } from '../shared/ids.js';
import { actionOf } from './admin-action.js';
import { ReasonRequest } from './admin-users.dto.js';

@ApiTags('admin: users')
@ApiBearerAuth()
@Controller('api/admin/users')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
@ApiProblems('not_found')
export class AdminUserSupportController {
  constructor(
    private readonly invitations: Invitations,
    private readonly support: AccountSupport,
  ) {}

  /**
   * Mails the invitation again, or a link to choose a new password where there is one already. Three an hour are sent to an
   * address, and none to that of a disabled account.
   */
  @Post(':id/invite')
  @HttpCode(204)
  @UseGuards(MailGuard)
  @ApiNoContentResponse()
  async resendInvitation(
    @CurrentPrincipal() admin: Principal,
    @Param('id', UuidParam) id: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.invitations.inviteAgain(asUserId(id), actionOf(admin, request, reason));
  }

  /**
   * Mails a link to choose a new password; until it is used, nothing changes. Three an hour are sent to an address, and none
   * to that of a disabled account.
   */
  @Post(':id/password-reset')
  @HttpCode(204)
  @UseGuards(MailGuard)
  @ApiNoContentResponse()
  async sendPasswordReset(
    @CurrentPrincipal() admin: Principal,
    @Param('id', UuidParam) id: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.invitations.resetPassword(asUserId(id), actionOf(admin, request, reason));
  }

  /**
   * Takes the second factor off an account whose owner has lost it. The owner is told by mail. No error where there is none,
   * and nobody is told then.
   */
  @Post(':id/mfa-reset')
  @HttpCode(204)
  @ApiNoContentResponse()
  async resetSecondFactor(
    @CurrentPrincipal() admin: Principal,
    @Param('id', UuidParam) id: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.support.resetSecondFactor(asUserId(id), actionOf(admin, request, reason));
  }

  /**
   * Forgets the wrong passwords and codes that were counted for an account. The owner is told by mail. A network that was
   * blocked for the address waits for its quarter of an hour to end.
   */
  @Post(':id/unlock')
  @HttpCode(204)
  @ApiNoContentResponse()
  async unlockUser(
    @CurrentPrincipal() admin: Principal,
    @Param('id', UuidParam) id: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.support.unlock(asUserId(id), actionOf(admin, request, reason));
  }
}
