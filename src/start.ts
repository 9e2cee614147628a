import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { developmentBanner } from './banner.js';
import { createApp } from './configure-app.js';
import { startEmbeddedPostgres } from './database/embedded-postgres.js';
import { unnamedProxy } from './http/forwarding-contradictions.js';
import { migrateDatabase } from './migrate-database.js';
import { createLogger } from './observability/logger.js';
import { prepareConfig } from './prepare-config.js';

const PARENT_CHECK_MS = 500;

/** Reads the configuration, opens the database, listens, and stops in that order backwards at SIGTERM or SIGINT. */
export async function startGatehouse(): Promise<void> {
  const logger = new Logger('Gatehouse');
  const log = (line: string): void => {
    logger.log(line);
  };
  const { config, state, embedded } = await prepareConfig();
  Logger.overrideLogger(createLogger(config));
  const postgres = embedded && startEmbeddedPostgres(embedded, log);
  let app: NestFastifyApplication | undefined;
  const stop = async (): Promise<void> => {
    await app?.close();
    // Told to stop while Postgres starts: it is waited for, or it would be left running.
    await (await postgres)?.stop();
  };
  stopWhenTold(stop, state === undefined ? 'by signals' : 'by signals or with the parent');
  await postgres;
  try {
    await migrateDatabase(config, log);
    app = await createApp({ config });
    await app.listen(config.http.port, config.http.host);
    for (const doubt of unnamedProxy(config.http)) logger.warn(doubt);
  } catch (error) {
    await stop();
    throw error;
  }
  if (state) process.stdout.write(developmentBanner(config, state));
}

/** npm hands a signal to its shell, and the shell to nobody: in development the end of the parent is one too. */
function stopWhenTold(stop: () => Promise<void>, when: 'by signals' | 'by signals or with the parent'): void {
  let stopping = false;
  const onStop = (): void => {
    if (stopping) return;
    stopping = true;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Gatehouse did not stop cleanly: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onStop);
  if (when === 'by signals') return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) onStop();
  }, PARENT_CHECK_MS).unref();
}
