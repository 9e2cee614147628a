import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { canonicalAddress, clientAddress } from '../client-address.js';
import type { RequestCourse, RequestObserver } from './request-course.js';

const logger = new Logger('Request');

declare module 'fastify' {
  interface FastifyRequest {
    /** Who it turned out to come from: ids alone, set by whoever has checked the credentials that it came with. */
    caller?: { readonly userId?: string; readonly sessionId?: string; readonly serviceClientId?: string };
  }
}

/** Writes one line for each request. What the parser refuses before there is a request is told by `logRefusal`. */
export const requestLog: RequestObserver = { ended: tell };

/** Tells what Node's parser refused before there was a request. @param requestId of the answer */
export function logRefusal(socket: Socket, status: number, requestId: string): void {
  const client = canonicalAddress(socket.remoteAddress ?? '');
  logger.log({ message: `refused by the parser: ${status}`, requestId, status, client });
}

const isGiven = (part: string | number | undefined): boolean => part !== undefined;

/** The route's pattern stands for the URL, whose path and query may hold what no log should. */
function tell({ request, route, startedMs, address, refusedWith }: RequestCourse, response: ServerResponse): void {
  const method = response.req.method ?? '';
  const status = response.headersSent ? response.statusCode : refusedWith;
  const isAborted = !response.writableFinished && refusedWith === undefined;
  const line = {
    message: [method, route ?? '(no route)', status, isAborted ? 'aborted' : undefined].filter(isGiven).join(' '),
    requestId: request?.id,
    method,
    route,
    status,
    durationMs: Math.round((performance.now() - startedMs) * 10) / 10,
    ...request?.caller,
    client: request ? clientAddress(request) : canonicalAddress(address ?? ''),
    traceId: request?.traceId,
    ...(isAborted && { aborted: true }),
  };
  // Probes come every few seconds, and readiness tells its changes itself.
  if (route?.startsWith('/health/')) logger.debug(line);
  else if (status !== undefined && status >= 500) logger.error(line);
  else logger.log(line);
}
