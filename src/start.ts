import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { whenDatabaseAnswers } from './await-database.js';
import { developmentBanner } from './banner.js';
import { createApp } from './configure-app.js';
import { startEmbeddedPostgres } from './database/embedded-postgres.js';
import { unnamedProxy } from './http/forwarding-contradictions.js';
import { Readiness } from './http/readiness.js';
import { takeLeave } from './http/server/drain.js';
import { readTlsPair } from './http/server/tls-pair.js';
import { migrateDatabase } from './migrate-database.js';
import { openLogOutput } from './observability/log-output.js';
import { createLogger } from './observability/logger.js';
import type { ServiceLogger } from './observability/logger.js';
import { Metrics } from './observability/metrics.js';
import { MetricsListener } from './observability/metrics-listener.js';
import { prepareConfig } from './prepare-config.js';
import type { Prepared } from './prepare-config.js';
import { Stop } from './stop.js';
import { openWaitingRoom } from './waiting-room.js';

/** Reads the configuration, opens the database, listens, and stops in that order backwards at SIGTERM or SIGINT. */
export async function startGatehouse(): Promise<void> {
  const prepared = await prepareConfig();
  const { config, state } = prepared;
  // Before anything is started: what is wrong with it is a fault of the configuration.
  if (config.http.tls) readTlsPair(config.http.tls);
  const output = await createLogger(config, openLogOutput());
  Logger.overrideLogger(output);
  const stop = new Stop(() => output.flush());
  stop.listen(state === undefined ? 'by signals' : 'by signals or with the parent');
  try {
    await run({ ...prepared, output, stop });
  } catch (error) {
    // Told to stop while it starts: that ends the process, and this is no failure.
    if (stop.signal.aborted) await new Promise(() => undefined);
    await stop.unwind();
    await output.flush();
    throw error;
  }
}

interface Run extends Prepared {
  readonly output: ServiceLogger;
  readonly stop: Stop;
}

async function run({ config, state, embedded, output, stop }: Run): Promise<void> {
  const logger = new Logger('Gatehouse');
  const log = (line: string): void => {
    logger.log(line);
  };
  if (embedded) {
    const postgres = startEmbeddedPostgres(embedded, log);
    // Told to stop while it starts: it is waited for, or it would be left running.
    stop.add(async () => (await postgres.catch(() => undefined))?.stop());
    await postgres;
  }
  const openRoom = (): ReturnType<typeof openWaitingRoom> => openWaitingRoom(config);
  const build = async (): Promise<NestFastifyApplication> => {
    await migrateDatabase(config, log);
    return initialised(await createApp({ config, logger: output }));
  };
  const app = await whenDatabaseAnswers(build, { openRoom, signal: stop.signal });
  const metrics = config.metrics && new MetricsListener(app.get(Metrics, { strict: false }), config.metrics);
  stop.add(async () => metrics?.close());
  stop.add(() => app.close());
  // Nobody's proxy stands before a development service, and Ctrl-C is to be quick.
  if (state === undefined) stop.add(() => leave(app));
  await metrics?.listen();
  await app.listen(config.http.port, config.http.host);
  for (const doubt of unnamedProxy(config.http)) logger.warn(doubt);
  if (state) process.stdout.write(developmentBanner(config, state));
}

function leave(app: NestFastifyApplication): Promise<void> {
  app.get(Readiness).stop();
  return takeLeave(app.getHttpServer());
}

/** What is left is to listen. An application that cannot come up keeps no connection: there may be another try. */
async function initialised(app: NestFastifyApplication): Promise<NestFastifyApplication> {
  try {
    return await app.init();
  } catch (error) {
    await app.close();
    throw error;
  }
}
