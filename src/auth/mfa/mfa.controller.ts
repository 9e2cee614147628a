import { Body, Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ApiProblems } from '../../http/problem.dto.js';
import { JwtAuthGuard } from '../../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../../security/principal.js';
import type { Principal } from '../../security/principal.js';
import { RateLimit } from '../../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../../security/throttler.guard.js';
import { guesserOf } from '../guesser.js';
import { MfaChanges } from './mfa-changes.js';
import { MfaEnrolment } from './mfa-enrolment.js';
import {
  BothFactorsRequest,
  PasswordAgainRequest,
  RecoveryCodesResponse,
  TotpConfirmRequest,
  TotpEnrolmentResponse,
} from './mfa.dto.js';

/** What the routes that ask for the password may answer with. */
const PASSWORD_PROBLEMS = ['invalid_credentials', 'overloaded'] as const;
const BOTH_PROBLEMS = [...PASSWORD_PROBLEMS, 'mfa_required', 'mfa_invalid'] as const;

@ApiTags('second factor')
@ApiBearerAuth()
@Controller('api/me')
@UseGuards(ThrottlerGuard, JwtAuthGuard)
@RateLimit('bearer')
export class MfaController {
  constructor(
    private readonly enrolment: MfaEnrolment,
    private readonly changes: MfaChanges,
  ) {}

  /** Begins to enrol an authenticator app; the first right code finishes it, within 15 minutes. */
  @Post('totp')
  @ApiCreatedResponse({ type: TotpEnrolmentResponse })
  @ApiProblems(...PASSWORD_PROBLEMS, 'mfa_enrolled')
  async beginTotp(
    @CurrentPrincipal() principal: Principal,
    @Body() { password }: PasswordAgainRequest,
    @Req() request: FastifyRequest,
  ): Promise<TotpEnrolmentResponse> {
    return this.enrolment.begin(password, { principal, ...guesserOf(request) });
  }

  /**
   * Finishes the enrolment: from now on a sign-in takes a code, too. All other sessions end; the caller's goes on, and its
   * access tokens say `otp` from the next refresh.
   */
  @Post('totp/confirm')
  @HttpCode(200)
  @ApiOkResponse({ type: RecoveryCodesResponse })
  @ApiProblems('mfa_invalid')
  async confirmTotp(
    @CurrentPrincipal() principal: Principal,
    @Body() { code }: TotpConfirmRequest,
    @Req() request: FastifyRequest,
  ): Promise<RecoveryCodesResponse> {
    return { recoveryCodes: [...(await this.enrolment.confirm(code, { principal, ...guesserOf(request) }))] };
  }

  /** Takes the second factor off the account. Access tokens that are out must be refreshed. */
  @Post('totp/remove')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiProblems(...BOTH_PROBLEMS)
  async removeTotp(
    @CurrentPrincipal() principal: Principal,
    @Body() proof: BothFactorsRequest,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.changes.remove(proof, { principal, ...guesserOf(request) });
  }

  /** Makes ten new recovery codes; the old ones are worth nothing from then on. */
  @Post('recovery-codes')
  @HttpCode(200)
  @ApiOkResponse({ type: RecoveryCodesResponse })
  @ApiProblems(...BOTH_PROBLEMS)
  async replaceRecoveryCodes(
    @CurrentPrincipal() principal: Principal,
    @Body() proof: BothFactorsRequest,
    @Req() request: FastifyRequest,
  ): Promise<RecoveryCodesResponse> {
    const asking = { principal, ...guesserOf(request) };
    return { recoveryCodes: [...(await this.changes.replaceRecoveryCodes(proof, asking))] };
  }
}
