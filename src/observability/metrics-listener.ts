import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { types } from 'node:util';
import { Logger } from '@nestjs/common';
import type { Metrics } from './metrics.js';
import { collectProcessMetrics } from './process-metrics.js';

const MAX_HEADER_BYTES = 4 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** Without a byte either way: a reader that has stopped reading is hung up on. */
const SILENCE_MS = 10_000;
const MAX_CONNECTIONS = 64;

/** Told to whoever started the service: the port is theirs to set. */
export class MetricsPortError extends Error {
  constructor(host: string, port: number, cause: unknown) {
    const code = types.isNativeError(cause) && 'code' in cause ? cause.code : undefined;
    const why = code === 'EADDRINUSE' ? 'is in use: stop what listens there, or' : `cannot be had (${String(code)}):`;
    super(`Metrics: ${host}:${port} ${why} set METRICS_PORT or METRICS_HOST.`, { cause });
    this.name = 'MetricsPortError';
  }
}

/**
 * Answers Prometheus on a port of its own, so that what it tells is never on the public one. Nothing asks for a
 * credential here: who may reach the address may read it.
 */
export class MetricsListener {
  private readonly logger = new Logger('Metrics');
  private readonly server: Server;
  private collecting: Promise<string> | undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly at: { readonly host: string; readonly port: number },
  ) {
    const limits = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    };
    this.server = createServer(limits, (request, response) => void this.answer(request, response));
    this.server.maxConnections = MAX_CONNECTIONS;
    this.server.timeout = SILENCE_MS;
  }

  /**
   * @returns the port, which is another than the configured one where that is 0
   * @throws MetricsPortError where the port cannot be had
   */
  async listen(): Promise<number> {
    const { host, port } = this.at;
    try {
      this.server.listen(port, host);
      await once(this.server, 'listening');
    } catch (error) {
      throw new MetricsPortError(host, port, error);
    }
    collectProcessMetrics(this.metrics.registry);
    const { port: taken } = this.server.address() as AddressInfo;
    this.logger.log(`Metrics are at http://${host.includes(':') ? `[${host}]` : host}:${taken}/metrics`);
    return taken;
  }

  /** Hangs up on whoever is left: a scrape that is cut is repeated. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path] = (request.url ?? '').split('?', 1);
    if (path !== '/metrics') refuse(response, 404);
    else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405, { allow: 'GET, HEAD' });
    else await this.tell(response);
  }

  private async tell(response: ServerResponse): Promise<void> {
    try {
      const text = await this.collect();
      const { contentType } = this.metrics.registry;
      response.writeHead(200, { ...HEADERS, 'content-type': contentType }).end(text);
    } catch (error) {
      this.logger.error(`the metrics could not be collected: ${String(error)}`);
      refuse(response, 500);
    }
  }

  /** Scrapes at the same time share one collection, however many there are. */
  private collect(): Promise<string> {
    this.collecting ??= this.metrics.registry.metrics().finally(() => (this.collecting = undefined));
    return this.collecting;
  }
}

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** Whatever else is under way on the connection is not read. */
function refuse(
  response: ServerResponse,
  status: 404 | 405 | 500,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...HEADERS, ...headers, connection: 'close' }).end();
}
