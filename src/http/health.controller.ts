import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { LivenessResponse, ReadinessResponse } from './health.dto.js';
import { Readiness } from './readiness.js';
import type { ReadinessReport } from './readiness.js';

/** For the platform's probes; neither throttled nor behind a token. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** The process answers. Nothing it depends on is asked: a restart would not mend that. */
  @Get('live')
  @ApiOkResponse({ type: LivenessResponse })
  checkLiveness(): LivenessResponse {
    return { status: 'up' };
  }

  /** Whether this instance can serve: 200, or 503 naming the checks that fail. */
  @Get('ready')
  @ApiOkResponse({ type: ReadinessResponse })
  @ApiServiceUnavailableResponse({
    type: ReadinessResponse,
    description: 'Something fails, or the process is stopping.',
  })
  async checkReadiness(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessReport> {
    const report = await this.readiness.report();
    if (report.status === 'down') void reply.code(503);
    return report;
  }
}
