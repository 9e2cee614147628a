import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { Readiness } from './readiness.js';
import type { ReadinessReport } from './readiness.js';

/** For the platform's probes; neither throttled nor behind a token. */
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** The process answers. Nothing it depends on is asked: a restart would not mend that. */
  @Get('live')
  live(): { status: 'up' } {
    return { status: 'up' };
  }

  /** 200, or 503 naming the checks that fail. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessReport> {
    const report = await this.readiness.report();
    if (report.status === 'down') void reply.code(503);
    return report;
  }
}
