import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AccountAdministration } from '../auth/account/account-administration.js';
import { AccountRemoval } from '../auth/account/account-removal.js';
import { Invitations } from '../auth/account/invitations.js';
import { MailGuard } from '../auth/account/mail.guard.js';
import { NoQuery } from '../http/no-query.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UuidParam } from '../http/uuid-param.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { asUserId } from '../shared/ids.js';
import { AccountDirectory } from '../users/account-directory.js';
import { requireEmail } from '../users/email-address.js';
import { UserResponse } from '../users/user.dto.js';
import { UserNotFoundError } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import { actionOf } from './admin-action.js';
import { ChangeUserRequest, InviteUserRequest, UserListQuery, UserListResponse } from './admin-users.dto.js';

@ApiTags('admin: users')
@ApiBearerAuth()
@Controller('api/admin/users')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
export class AdminUsersController {
  constructor(
    private readonly directory: AccountDirectory,
    private readonly users: UsersService,
    private readonly invitations: Invitations,
    private readonly administration: AccountAdministration,
    private readonly removal: AccountRemoval,
  ) {}

  /** Every account, newest first, or those that all filters given find. */
  @Get()
  @ApiOkResponse({ type: UserListResponse })
  async listUsers(@Query() { search, status, role, ...page }: UserListQuery): Promise<UserListResponse> {
    const { items, nextCursor } = await this.directory.list({ search, status, role }, page);
    return { items: items.map((account) => UserResponse.from(account)), nextCursor };
  }

  /** Creates an account and mails its owner an invitation: a link to choose the password with, good for 7 days. */
  @Post()
  @UseGuards(MailGuard)
  @ApiCreatedResponse({ type: UserResponse })
  @ApiProblems('not_found', 'email_taken')
  async inviteUser(
    @CurrentPrincipal() admin: Principal,
    @Body() { email, name, roles = [] }: InviteUserRequest,
    @Req() request: FastifyRequest,
  ): Promise<UserResponse> {
    const invited = { email: requireEmail(email), name, roles };
    return UserResponse.from(await this.invitations.invite(invited, actionOf(admin, request)));
  }

  /** One account. */
  @Get(':id')
  @ApiOkResponse({ type: UserResponse })
  @ApiProblems('not_found')
  async readUser(@Param('id', UuidParam) id: string): Promise<UserResponse> {
    const account = await this.users.findById(asUserId(id));
    if (!account) throw new UserNotFoundError();
    return UserResponse.from(account);
  }

  /**
   * Changes an account; what is left out stays. Other roles make its access tokens stale: a refresh has the new ones. To
   * disable it ends its sessions, and whatever link or code could still open one, for good: to enable it again lets its
   * owner sign in anew. What is so already changes nothing. The owner is not told. Before making somebody an admin look at
   * `emailVerified`: whoever registered an address that nobody has verified may not be its owner.
   */
  @Patch(':id')
  @ApiOkResponse({ type: UserResponse })
  @ApiProblems('not_found', 'last_admin')
  async changeUser(
    @CurrentPrincipal() admin: Principal,
    @Param('id', UuidParam) id: string,
    @Body() wanted: ChangeUserRequest,
    @NoQuery() _query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<UserResponse> {
    return UserResponse.from(await this.administration.change(asUserId(id), wanted, actionOf(admin, request)));
  }

  /** Deletes an account with its sessions and factors, and tells its owner by mail. There is no way back. */
  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiProblems('not_found', 'last_admin')
  async deleteUser(
    @CurrentPrincipal() admin: Principal,
    @Param('id', UuidParam) id: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.removal.remove(asUserId(id), actionOf(admin, request));
  }
}
