import { Body, Controller, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientOf } from '../http/client-context.js';
import { NoQuery } from '../http/no-query.js';
import { ApiProblems } from '../http/problem.dto.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { KeyRotation } from '../tokens/keys/key-rotation.js';
import { StoredKeys } from '../tokens/keys/stored-keys.js';
import { KeyListResponse, KeyResponse, RotateKeyRequest } from './admin-keys.dto.js';

@ApiTags('admin: signing keys')
@ApiBearerAuth()
@Controller('api/admin/keys')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
export class AdminKeysController {
  constructor(
    private readonly rotation: KeyRotation,
    private readonly stored: StoredKeys,
  ) {}

  /** Every signing key, newest first; none under HS256. */
  @Get()
  @ApiOkResponse({ type: KeyListResponse })
  async listKeys(): Promise<KeyListResponse> {
    return { items: (await this.stored.readRecent()).map((key) => KeyResponse.from(key)), nextCursor: null };
  }

  /**
   * Rotates the signing key. Normally the pending key goes active as soon as every cache of the key set can hold it, at
   * `activatesAt`. In an emergency it signs from now on, and what the keys before it signed is refused everywhere.
   */
  @Post('rotate')
  @HttpCode(201)
  @ApiCreatedResponse({ type: KeyResponse })
  @ApiProblems('keys_in_config')
  async rotateKey(
    @CurrentPrincipal() actor: Principal,
    @Body() { emergency = false, discardPending = false }: RotateKeyRequest,
    @NoQuery() _query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<KeyResponse> {
    const by = { actor, client: clientOf(request) };
    const key = emergency ? this.rotation.rotateInEmergency(discardPending, by) : this.rotation.rotate(by);
    return KeyResponse.from(await key);
  }
}
