import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { AuditTrail } from '../../audit/trail/audit-trail.js';
import { EventListResponse, EventResponse } from '../../audit/trail/event.dto.js';
import { PageCursors } from '../../http/page-cursors.js';
import { PageQuery } from '../../http/page-query.dto.js';
import { JwtAuthGuard } from '../../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../../security/principal.js';
import type { Principal } from '../../security/principal.js';
import { RateLimit } from '../../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../../security/throttler.guard.js';

@ApiTags('account')
@ApiBearerAuth()
@Controller('api/me/events')
@UseGuards(ThrottlerGuard, JwtAuthGuard)
@RateLimit('bearer')
export class MyEventsController {
  constructor(
    private readonly trail: AuditTrail,
    private readonly cursors: PageCursors,
  ) {}

  /**
   * The security history of the caller's account, newest first: what the caller did, what others tried, and what an admin did,
   * of which neither the reason nor where from is told.
   */
  @Get()
  @ApiOkResponse({ type: EventListResponse })
  async listOwnEvents(
    @CurrentPrincipal() { userId }: Principal,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<EventListResponse> {
    const list = `events of ${userId}`;
    const found = await this.trail.list({ userId }, limit + 1, await this.cursors.before(list, cursor));
    const { items, nextCursor } = await this.cursors.page(list, found, limit);
    return { items: items.map((event) => EventResponse.forOwner(event, userId)), nextCursor };
  }
}
