import { ConsoleLogger } from '@nestjs/common';
import type { LogLevel as NestLogLevel } from '@nestjs/common';
import type { AppConfig, LogLevel } from '../config/app-config.js';

const LEVELS: Readonly<Record<LogLevel, NestLogLevel[]>> = {
  error: ['error', 'fatal'],
  warn: ['error', 'fatal', 'warn'],
  info: ['error', 'fatal', 'warn', 'log'],
  debug: ['error', 'fatal', 'warn', 'log', 'debug'],
};
/** Nest tells of every module and route at each start: nothing that an operator asks. */
const FRAMEWORK = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication']);

class GatehouseLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!FRAMEWORK.has(String(rest.at(-1)))) super.log(message, ...(rest as [string]));
  }
}

/** One JSON object a line in production, readable text in development. */
export function createLogger({ mode, logLevel }: AppConfig): ConsoleLogger {
  return new GatehouseLogger({
    json: mode === 'production',
    colors: mode !== 'production' && process.stdout.isTTY,
    logLevels: LEVELS[logLevel],
    prefix: 'Gatehouse',
  });
}
