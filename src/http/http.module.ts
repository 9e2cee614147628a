import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';

import { HealthController } from './health.controller.js';
import { ProblemFilter } from './problem.filter.js';
import { Readiness } from './readiness.js';
import { Drain } from './server/drain.js';
import { validationPipe } from './validation.js';

/** Global, so that any module can register what it cannot do without. */
@Global()
@Module({
  controllers: [HealthController],
  providers: [
    Drain,
    Readiness,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
  ],
  exports: [Readiness],
})
export class HttpModule {}
