import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

import type { RequestTallies, RequestTally } from '../../observability/request-tallies.js';
import { PROBLEM_STATUSES } from '../problem-statuses.js';
import { refusalOf, underWayOn } from './client-errors.js';

/** What is known of a request until its end. */
interface Course {
  readonly startedMs: number;
  /** Undefined until the router has found it: what is refused before has none. */
  tally: RequestTally | undefined;
  isLongLived: boolean;
  /** The status that Node's parser made of it, past the response. */
  refusedWith: number | undefined;
  isOver: boolean;
}

const COURSE = Symbol('course');

declare module 'node:http' {
  interface ServerResponse {
    [COURSE]?: Course;
  }
}
declare module 'fastify' {
  interface FastifyContextConfig {
    /** An answer that goes on for as long as its client likes. */
    longLived?: boolean;
  }
}

/**
 * Counts every request once, when its answer is out or its client gone: Fastify's hooks alone would miss those that the
 * client, Node's parser or the router ended. Call it before any other hook is installed.
 */
export function countRequests(fastify: FastifyInstance, tallies: RequestTallies): void {
  const counter = new RequestCounter(tallies);
  fastify.server.prependListener('request', (request, response) => {
    counter.begin(request, response);
  });
  fastify.server.prependListener('clientError', (error: Error & { code?: string }, socket: Socket) => {
    const refusal = refusalOf(error, socket);
    if (refusal) counter.refuse(underWayOn(socket), PROBLEM_STATUSES[refusal.code].status);
  });
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) tallies.declare(each, url);
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    const { url, config } = request.routeOptions;
    counter.route(reply.raw, url, config.longLived === true);
    done();
  });
}

class RequestCounter {
  private readonly onClose: (this: ServerResponse) => void;
  /** Answers that wait behind others on their connection. */
  private readonly waiting = new WeakMap<Socket, Set<ServerResponse>>();

  constructor(private readonly tallies: RequestTallies) {
    const end = (response: ServerResponse): void => {
      this.end(response);
    };
    // One for all: a function of its own for each request would cost more than all the rest.
    this.onClose = function (this: ServerResponse): void {
      end(this);
    };
  }

  begin({ socket }: IncomingMessage, response: ServerResponse): void {
    this.tallies.inFlight += 1;
    response[COURSE] = {
      startedMs: performance.now(),
      tally: undefined,
      isLongLived: false,
      refusedWith: undefined,
      isOver: false,
    };
    response.on('close', this.onClose);
    if (response.socket === null) this.watch(socket, response);
  }

  route(response: ServerResponse, url: string | undefined, isLongLived: boolean): void {
    const course = response[COURSE];
    if (!course) return;
    course.tally = this.tallies.of(response.req.method, url);
    if (!isLongLived) return;
    course.isLongLived = true;
    this.tallies.inFlight -= 1;
  }

  /** What was refused while it came in, or before there was a request at all. */
  refuse(response: ServerResponse | undefined, status: number): void {
    const course = response?.[COURSE];
    if (course) course.refusedWith = status;
    else this.tallies.unrouted.count(status);
  }

  private end(response: ServerResponse): void {
    const course = response[COURSE];
    if (!course || course.isOver) return;
    course.isOver = true;
    const { tally = this.tallies.unrouted, isLongLived, startedMs, refusedWith } = course;
    if (!isLongLived) this.tallies.inFlight -= 1;
    if (response.writableFinished || (isLongLived && response.headersSent)) tally.count(response.statusCode);
    else tally.count(refusedWith ?? 'aborted');
    if (response.writableFinished && !isLongLived) tally.time((performance.now() - startedMs) / 1000);
  }

  /** Of an answer that waits its turn Node tells no end, should the connection end first. */
  private watch(socket: Socket, response: ServerResponse): void {
    const others = this.waiting.get(socket);
    if (others) {
      others.add(response);
      return;
    }
    const responses = new Set([response]);
    this.waiting.set(socket, responses);
    socket.once('close', () => {
      for (const each of responses) this.end(each);
    });
  }
}
