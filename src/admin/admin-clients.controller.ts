import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientOf } from '../http/client-context.js';
import { NotFoundError } from '../http/http.errors.js';
import { PageCursors } from '../http/page-cursors.js';
import { PageQuery } from '../http/page-query.dto.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UuidParam } from '../http/uuid-param.js';
import { ServiceClients } from '../security/clients/service-clients.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { ClientListResponse, ClientResponse, CreateClientRequest, CreatedClientResponse } from './admin-clients.dto.js';

const LIST = 'service clients';

@ApiTags('admin: service clients')
@ApiBearerAuth()
@Controller('api/admin/clients')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
export class AdminClientsController {
  constructor(
    private readonly clients: ServiceClients,
    private readonly cursors: PageCursors,
  ) {}

  /** The services that may ask about tokens, newest first. */
  @Get()
  @ApiOkResponse({ type: ClientListResponse })
  async listClients(@Query() { limit, cursor }: PageQuery): Promise<ClientListResponse> {
    const found = await this.clients.list({ limit: limit + 1, before: await this.cursors.before(LIST, cursor) });
    const { items, nextCursor } = await this.cursors.page(LIST, found, limit);
    return { items: items.map((client) => ClientResponse.from(client)), nextCursor };
  }

  /** Makes a client. Its secret is in this answer and nowhere else. */
  @Post()
  @HttpCode(201)
  @ApiCreatedResponse({ type: CreatedClientResponse })
  async createClient(
    @CurrentPrincipal() actor: Principal,
    @Body() { name }: CreateClientRequest,
    @Req() request: FastifyRequest,
  ): Promise<CreatedClientResponse> {
    const { id, secret } = await this.clients.create(name, { actor, client: clientOf(request) });
    return { clientId: id, clientSecret: secret };
  }

  /** Deletes a client: its secret is refused from now on, and its open streams end within a second. */
  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiProblems('not_found')
  async deleteClient(
    @CurrentPrincipal() actor: Principal,
    @Param('id', UuidParam) id: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    if (!(await this.clients.delete(id, { actor, client: clientOf(request) }))) throw new NotFoundError();
  }
}
