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

/** Tells what Node's parser refused before there was a request. @param requestId of the answer */
export function logRefusal(socket: Socket, status: number, requestId: string): void {
  const client = canonicalAddress(socket.remoteAddress ?? '');
  logger.log({ message: `refused by the parser: ${status}`, requestId, status, client });
}

type Level = 'debug' | 'info' | 'error';

/** What takes the lines: one call a request, so that it costs as little as it can. */
export interface RequestLines {
  line(level: Level, fields: Readonly<Record<string, string | number | boolean | undefined>>): void;
}

/** Writes one line for each request. What the parser refuses before there is a request is told by `logRefusal`. */
export const requestLog = (lines: RequestLines): RequestObserver => ({
  ended: (course, response) => {
    tell(lines, course, response);
  },
});

/** The route's pattern stands for the URL, whose path and query may hold what no log should. */
function tell(
  lines: RequestLines,
  { request, route, startedMs, address, refusedWith }: RequestCourse,
  response: ServerResponse,
): void {
  const method = response.req.method ?? '';
  const status = response.headersSent ? response.statusCode : refusedWith;
  const isAborted = !response.writableFinished && refusedWith === undefined;
  const outcome = `${status === undefined ? '' : ` ${status}`}${isAborted ? ' aborted' : ''}`;
  const caller = request?.caller;
  lines.line(levelOf(route, status), {
    context: 'Request',
    message: `${method} ${route ?? '(no route)'}${outcome}`,
    requestId: request?.id,
    method,
    route,
    status,
    durationMs: Math.round((performance.now() - startedMs) * 10) / 10,
    userId: caller?.userId,
    sessionId: caller?.sessionId,
    serviceClientId: caller?.serviceClientId,
    client: request ? clientAddress(request) : canonicalAddress(address ?? ''),
    traceId: request?.traceId,
    aborted: isAborted || undefined,
  });
}

function levelOf(route: string | undefined, status: number | undefined): Level {
  // Probes come every few seconds, and readiness tells its changes itself.
  if (route?.startsWith('/health/')) return 'debug';
  return status !== undefined && status >= 500 ? 'error' : 'info';
}
