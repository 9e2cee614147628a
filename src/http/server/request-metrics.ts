import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

import type { RequestTallies } from '../../observability/request-tallies.js';
import type { RequestCourse, RequestObserver } from './request-course.js';

/** Counts every request once, by the route that it came to. Call it before any route is declared. */
export function countRequests(fastify: FastifyInstance, tallies: RequestTallies): RequestObserver {
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) tallies.declare(each, url);
  });
  return new RequestCounter(tallies);
}

class RequestCounter implements RequestObserver {
  constructor(private readonly tallies: RequestTallies) {}

  begun(): void {
    this.tallies.inFlight += 1;
  }

  foundLongLived(): void {
    this.tallies.inFlight -= 1;
  }

  ended({ isRouted, route, isLongLived, startedMs, refusedWith }: RequestCourse, response: ServerResponse): void {
    const tally = isRouted ? this.tallies.of(response.req.method, route) : this.tallies.unrouted;
    if (!isLongLived) this.tallies.inFlight -= 1;
    if (response.writableFinished || (isLongLived && response.headersSent)) tally.count(response.statusCode);
    else tally.count(refusedWith ?? 'aborted');
    if (response.writableFinished && !isLongLived) tally.time((performance.now() - startedMs) / 1000);
  }

  /** Before there was a request at all. */
  refused(status: number): void {
    this.tallies.unrouted.count(status);
  }
}
