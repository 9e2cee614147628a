import { Body, Controller, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AccountSupport } from '../auth/account/account-support.js';
import type { AdminAction } from '../auth/account/account-support.js';
import { Invitations } from '../auth/account/invitations.js';
import { MailGuard } from '../auth/account/mail.guard.js';
import { clientOf } from '../http/client-context.js';
import { ADMIN_PROBLEMS, ApiProblems } from '../http/problem.dto.js';
import { UuidParam } from '../http/uuid-param.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { asUserId } from '../shared/ids.js';
import { requireEmail } from '../users/email-address.js';
import { UserResponse } from '../users/user.dto.js';
import { InviteUserRequest, ReasonRequest } from './admin-users.dto.js';

@ApiTags('admin')
@ApiBearerAuth()
@Controller('api/admin/users')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
@ApiProblems(...ADMIN_PROBLEMS, 'validation_failed', 'not_found')
export class AdminUsersController {
  constructor(
    private readonly invitations: Invitations,
    private readonly support: AccountSupport,
  ) {}

  /** Creates an account and mails its owner an invitation: a link to choose the password with, good for 7 days. */
  @Post()
  @UseGuards(MailGuard)
  @ApiCreatedResponse({ type: UserResponse })
  @ApiProblems('email_taken')
  async create(
    @CurrentPrincipal() admin: Principal,
    @Body() { email, name, roles = [] }: InviteUserRequest,
    @Req() request: FastifyRequest,
  ): Promise<UserResponse> {
    const invited = { email: requireEmail(email), name, roles };
    return UserResponse.from(await this.invitations.invite(invited, actionOf(admin, request)));
  }

  /**
   * Mails the invitation again, or a link to choose a new password where there is one already. Three an hour are sent to an
   * address, and none to that of a disabled account.
   */
  @Post(':id/invite')
  @HttpCode(204)
  @UseGuards(MailGuard)
  @ApiNoContentResponse()
  async invite(
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
  async resetPassword(
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
  async unlock(
    @CurrentPrincipal() admin: Principal,
    @Param('id', UuidParam) id: string,
    @Body() { reason }: ReasonRequest,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.support.unlock(asUserId(id), actionOf(admin, request, reason));
  }
}

const actionOf = (admin: Principal, request: FastifyRequest, reason?: string): AdminAction => ({
  admin,
  client: clientOf(request),
  reason,
});
