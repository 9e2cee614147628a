import { Controller, Get, Header, Query, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { ChainVerification } from '../audit/seals/chain-verification.js';
import { Checkpoints } from '../audit/seals/checkpoints.js';
import { AuditTrail } from '../audit/trail/audit-trail.js';
import { EventListResponse, EventResponse } from '../audit/trail/event.dto.js';
import { clientOf } from '../http/client-context.js';
import { ApiStream } from '../http/api-stream.js';
import { ndjsonOf } from '../http/ndjson.js';
import { PageCursors } from '../http/page-cursors.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { ADDRESS, ID, REQUEST_ID, TIME, USER_AGENT, USER_ID } from '../shared/json-formats.js';
import { EventExport } from './event-export.js';
import { EventPageQuery, EventQuery, VerificationResponse, filterOf } from './admin-events.dto.js';

const EXPORTED_EXAMPLE: EventResponse = {
  id: ID.example,
  type: 'authn_login_success',
  at: TIME.example,
  actorId: null,
  userId: USER_ID.example,
  sessionId: ID.example,
  ip: ADDRESS.example,
  userAgent: USER_AGENT.example,
  requestId: REQUEST_ID.example,
  outcome: 'success',
  count: 1,
  details: {},
};

@ApiTags('admin: events')
@ApiBearerAuth()
@Controller('api/admin/events')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
export class AdminEventsController {
  constructor(
    private readonly trail: AuditTrail,
    private readonly exports: EventExport,
    private readonly verification: ChainVerification,
    private readonly checkpoints: Checkpoints,
    private readonly cursors: PageCursors,
  ) {}

  /** The record of security events, newest first. */
  @Get()
  @ApiOkResponse({ type: EventListResponse })
  async listEvents(@Query() { limit, cursor, ...query }: EventPageQuery): Promise<EventListResponse> {
    const filter = filterOf(query);
    const list = `events ${JSON.stringify(filter)}`;
    const found = await this.trail.list(filter, limit + 1, await this.cursors.before(list, cursor));
    const { items, nextCursor } = await this.cursors.page(list, found, limit);
    return { items: items.map((event) => EventResponse.from(event)), nextCursor };
  }

  /** All that match, as one JSON object a line, oldest first, up to the time of the request. The export is an event itself. */
  @Get('export')
  @Header('Content-Type', 'application/x-ndjson')
  @ApiStream({
    mediaType: 'application/x-ndjson',
    item: EventResponse,
    description: 'One event a line, as in the list.',
    example: `${JSON.stringify(EXPORTED_EXAMPLE)}\n`,
  })
  async exportEvents(
    @CurrentPrincipal() admin: Principal,
    @Query() query: EventQuery,
    @Req() request: FastifyRequest,
  ): Promise<Readable> {
    const events = await this.exports.begin(filterOf(query), admin, clientOf(request));
    return ndjsonOf(events, (event) => EventResponse.from(event));
  }

  /**
   * Checks every event against its own MAC and its seal, and every seal against the one before: slow where there are many. An
   * event waits up to a second for its seal. A tail that was cut off shows against an earlier checkpoint only.
   */
  @Get('verify')
  @ApiOkResponse({ type: VerificationResponse })
  async verifyEvents(@Req() request: FastifyRequest): Promise<VerificationResponse> {
    // Millions of events take longer than a connection may be silent.
    request.raw.socket.setTimeout(0);
    const verified = await this.verification.verify();
    return VerificationResponse.from(verified, await this.checkpoints.tell());
  }
}
