import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { AppOptions } from './app.module.js';
import type { AppConfig } from './config/app-config.js';
import { warnOfForwarding } from './http/forwarding-warnings.js';
import { fastifyOptions } from './http/server/fastify-options.js';
import { installHttpHooks } from './http/server/http-hooks.js';
import { createLogger } from './observability/logger.js';
import { serveDocs } from './openapi-document.js';
import { Clock } from './shared/clock.js';

/** Builds the application as `main` runs it and as the tests do: everything but listening. */
export async function createApp(options: AppOptions): Promise<NestFastifyApplication> {
  const { config } = options;
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(options),
    new FastifyAdapter(fastifyOptions(config)),
    // Our own parser takes JSON alone; errors reach whoever started the service instead of ending the process.
    { bodyParser: false, abortOnError: false, logger: createLogger(config) },
  );
  configureApp(app, config);
  return app;
}

function configureApp(app: NestFastifyApplication, config: AppConfig): void {
  const fastify = app.getHttpAdapter().getInstance();
  installHttpHooks(fastify, config);
  warnOfForwarding(fastify, config.http.trustProxy, app.get(Clock));
  if (config.http.docs) serveDocs(app);
}
