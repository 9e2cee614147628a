import { Controller, Get, Headers, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiStream } from '../../http/api-stream.js';
import { CallingClient, ClientAuthGuard } from '../../security/clients/client-auth.guard.js';
import type { ServiceClient } from '../../security/clients/service-clients.js';
import { RateLimit } from '../../security/rate-limit.decorator.js';
import { CallEvents } from '../../security/call-events.js';
import { RateLimitedError } from '../../security/security.errors.js';
import { ThrottlerGuard } from '../../security/throttler.guard.js';
import { RevocationStreams } from './revocation-streams.js';
import { FEED_PLACE, REVOCATION_STREAM_EXAMPLE, RevocationEvent, RevocationsQuery } from './revocations.dto.js';

@ApiTags('services')
@ApiBasicAuth()
@Controller('api/revocations')
@UseGuards(ThrottlerGuard, ClientAuthGuard)
@RateLimit('service')
export class RevocationsController {
  constructor(
    private readonly streams: RevocationStreams,
    private readonly events: CallEvents,
  ) {}

  /**
   * Follows what is revoked, as server-sent events. First every live revocation (`event: revocation`), then `ready`, then
   * each new one; `current` every second while this instance itself is current. After an unknown or too old
   * `Last-Event-ID` comes `reset` and everything. At least once: apply each idempotently. At most 10 streams a client on
   * an instance.
   */
  @Get()
  @RouteConfig({ longLived: true })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The `id` of the last event that was read',
    schema: { type: 'string', ...FEED_PLACE },
  })
  @ApiStream({
    mediaType: 'text/event-stream',
    item: RevocationEvent,
    description:
      'Server-sent events, for as long as the client reads. The data of a `revocation` is a RevocationEvent.',
    example: REVOCATION_STREAM_EXAMPLE,
  })
  async followRevocations(
    @CallingClient() { id }: ServiceClient,
    @Query() { after }: RevocationsQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    reply.header('content-type', 'text/event-stream; charset=utf-8');
    if (request.method === 'HEAD') {
      await reply.send();
      return;
    }
    if (!this.streams.hasRoom(id)) {
      this.events.rateLimited(request, 'streams');
      throw new RateLimitedError(1);
    }
    reply.hijack();
    const headers = Object.entries(reply.getHeaders()).filter((header): header is [string, string] =>
      Boolean(header[1]),
    );
    reply.raw.writeHead(200, Object.fromEntries(headers));
    await this.streams.open(reply.raw, id, lastEventId ?? after);
  }
}
