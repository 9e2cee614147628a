import { Body, Controller, Get, Patch, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import type { Account } from './account.js';
import { UpdateProfileRequest, UserResponse } from './user.dto.js';
import { AccountGoneError } from './users.errors.js';
import { UsersService } from './users.service.js';

@ApiTags('account')
@ApiBearerAuth()
@Controller('api/me')
@UseGuards(ThrottlerGuard, JwtAuthGuard)
@RateLimit('bearer')
export class ProfileController {
  constructor(private readonly users: UsersService) {}

  /** The account of the caller. */
  @Get()
  @ApiOkResponse({ type: UserResponse })
  async readProfile(@CurrentPrincipal() { userId }: Principal): Promise<UserResponse> {
    return respond(await this.users.findById(userId));
  }

  /** Changes the caller's name, or removes it. */
  @Patch()
  @ApiOkResponse({ type: UserResponse })
  async updateProfile(
    @CurrentPrincipal() { userId }: Principal,
    @Body() { name }: UpdateProfileRequest,
  ): Promise<UserResponse> {
    return respond(await (name === undefined ? this.users.findById(userId) : this.users.rename(userId, name)));
  }
}

function respond(account: Account | undefined): UserResponse {
  if (!account) throw new AccountGoneError();
  return UserResponse.from(account);
}
