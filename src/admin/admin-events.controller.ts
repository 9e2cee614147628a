import { Controller, Get, Header, Query, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { ChainVerification } from '../audit/seals/chain-verification.js';
import { Checkpoints } from '../audit/seals/checkpoints.js';
import { AuditTrail } from '../audit/trail/audit-trail.js';
import { EventListResponse, EventResponse } from '../audit/trail/event.dto.js';
import { clientOf } from '../http/client-context.js';
import { ndjsonOf } from '../http/ndjson.js';
import { PageCursors } from '../http/page-cursors.js';
import { ADMIN_PROBLEMS, ApiProblems } from '../http/problem.dto.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { EventExport } from './event-export.js';
import { EventPageQuery, EventQuery, VerificationResponse, filterOf } from './admin-events.dto.js';

@ApiTags('admin')
@ApiBearerAuth()
@Controller('api/admin/events')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
@ApiProblems(...ADMIN_PROBLEMS, 'validation_failed')
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
  async list(@Query() { limit, cursor, ...query }: EventPageQuery): Promise<EventListResponse> {
    const filter = filterOf(query);
    const list = `events ${JSON.stringify(filter)}`;
    const found = await this.trail.list(filter, limit + 1, await this.cursors.before(list, cursor));
    const { items, nextCursor } = await this.cursors.page(list, found, limit);
    return { items: items.map((event) => EventResponse.from(event)), nextCursor };
  }

  /** All that match, as one JSON object a line, oldest first, up to the time of the request. The export is an event itself. */
  @Get('export')
  @Header('Content-Type', 'application/x-ndjson')
  @ApiOkResponse({
    description: 'One event a line, as in the list.',
    content: { 'application/x-ndjson': { schema: { type: 'string' } } },
  })
  async export(
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
  async verify(@Req() request: FastifyRequest): Promise<VerificationResponse> {
    // Millions of events take longer than a connection may be silent.
    request.raw.socket.setTimeout(0);
    const verified = await this.verification.verify();
    return VerificationResponse.from(verified, await this.checkpoints.tell());
  }
}
