import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_STATUSES } from '../problem-statuses.js';
import { refusalOf, underWayOn } from './parser-refusal.js';

/** What is known of a request until its end. */
export class RequestCourse {
  readonly startedMs = performance.now();
  /** Undefined until the router has it. */
  request: FastifyRequest | undefined = undefined;
  /** The pattern of its route; undefined where there is none. */
  route: string | undefined = undefined;
  /** Whether it has come through to the hooks: what was refused before counts for no route. */
  isRouted = false;
  isLongLived = false;
  /** The status that Node's parser made of it, past the response. */
  refusedWith: number | undefined = undefined;
  isOver = false;
  /** Those that waited behind others on the same connection, itself among them. */
  waiting: Set<ServerResponse> | undefined = undefined;

  /** @param address the socket's. Read early, Node keeps it for when the connection is gone */
  constructor(readonly address: string | undefined) {}

  name(request: FastifyRequest, route: string | undefined): void {
    this.request = request;
    this.route = route;
  }
}

/** Who wants to know of every request. What it throws ends the process: nobody else would hear of it. */
export interface RequestObserver {
  begun?(): void;
  /** It has turned out to be one whose answer goes on for as long as its client likes. */
  foundLongLived?(): void;
  /** Once for each that has begun: its answer is out, or its client gone. */
  ended(course: RequestCourse, response: ServerResponse): void;
  /** Node's parser has refused what was to be one. */
  refused?(status: number): void;
}

const COURSE = Symbol('course');

declare module 'node:http' {
  interface ServerResponse {
    [COURSE]?: RequestCourse;
  }
}
declare module 'fastify' {
  interface FastifyContextConfig {
    /** An answer that goes on for as long as its client likes. */
    longLived?: boolean;
  }
}

export const courseOf = (response: ServerResponse | undefined): RequestCourse | undefined => response?.[COURSE];

/** Names the request of a response: call it before anything of it is answered. */
export function nameRequest(request: FastifyRequest, reply: FastifyReply): void {
  reply.raw[COURSE]?.name(request, request.routeOptions.url);
}

/**
 * Follows every request from its head to its end: Fastify's hooks alone would miss those that the client, Node's parser or
 * the router ended.
 */
export class RequestCourses {
  /** Answers that wait behind others on their connection. */
  private readonly waiting = new WeakMap<Socket, Set<ServerResponse>>();
  /** One for all: a function of its own for each request would cost more than all the rest. */
  private readonly onClose: (this: ServerResponse) => void;

  constructor(
    { server }: Pick<FastifyInstance, 'server'>,
    private readonly observers: readonly RequestObserver[],
  ) {
    const end = (response: ServerResponse): void => {
      this.end(response);
    };
    this.onClose = function (this: ServerResponse): void {
      end(this);
    };
    server.prependListener('request', (request, response) => {
      this.begin(request, response);
    });
    server.prependListener('clientError', (error: Error & { code?: string }, socket: Socket) => {
      const refusal = refusalOf(error, socket);
      if (refusal) this.refuse(underWayOn(socket), PROBLEM_STATUSES[refusal.code].status);
    });
  }

  /** To be called by the first hook that each request meets. */
  take(request: FastifyRequest, reply: FastifyReply): void {
    const course = reply.raw[COURSE];
    if (!course) return;
    // Once: each time Fastify makes an object of all that it knows of the route.
    const { url, config } = request.routeOptions;
    course.name(request, url);
    course.isRouted = true;
    if (config.longLived !== true) return;
    course.isLongLived = true;
    for (const observer of this.observers) observer.foundLongLived?.();
  }

  private begin({ socket }: IncomingMessage, response: ServerResponse): void {
    const course = new RequestCourse(socket.remoteAddress);
    response[COURSE] = course;
    response.on('close', this.onClose);
    if (response.socket === null) course.waiting = this.watch(socket, response);
    for (const observer of this.observers) observer.begun?.();
  }

  /** What was refused while it came in, or before there was a request at all. */
  private refuse(response: ServerResponse | undefined, status: number): void {
    const course = courseOf(response);
    if (course) course.refusedWith = status;
    else for (const observer of this.observers) observer.refused?.(status);
  }

  private end(response: ServerResponse): void {
    const course = response[COURSE];
    if (!course || course.isOver) return;
    course.isOver = true;
    course.waiting?.delete(response);
    for (const observer of this.observers) observer.ended(course, response);
  }

  /** Of an answer that waits its turn Node tells no end, should the connection end first. */
  private watch(socket: Socket, response: ServerResponse): Set<ServerResponse> {
    const others = this.waiting.get(socket);
    if (others) return others.add(response);
    const responses = new Set([response]);
    this.waiting.set(socket, responses);
    socket.once('close', () => {
      for (const each of responses) this.end(each);
    });
    return responses;
  }
}
