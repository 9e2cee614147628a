import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { canonicalAddress, clientAddress } from '../client-address.js';

const logger = new Logger('Request');

/** What is known of a request until its end. */
interface Course {
  readonly startedMs: number;
  /** The socket's. Read early, Node keeps it for when the connection is gone. */
  readonly address: string | undefined;
  /** Undefined until the router has it. */
  request: FastifyRequest | undefined;
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
  interface FastifyRequest {
    /** Who it turned out to come from: ids alone, set by whoever has checked the credentials that it came with. */
    caller?: { readonly userId?: string; readonly sessionId?: string; readonly serviceClientId?: string };
  }
}

/** Answers that wait behind others on their connection. */
const waiting = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * Writes one line for each request, when its answer is out or its client gone: Fastify's hooks alone would miss those that
 * the client or the router ended. What the parser refuses before there is a request is told by `logRefusal`.
 */
export function logRequests(fastify: FastifyInstance): void {
  fastify.server.prependListener('request', begin);
}

/** Names the request of a response: call it before anything of it is answered. */
export function nameRequest(request: FastifyRequest, reply: FastifyReply): void {
  const course = reply.raw[COURSE];
  if (course) course.request = request;
}

/**
 * Tells what Node's parser refused: with the line of its request, where that has begun already.
 * @returns the id of the answer
 */
export function logRefusal(
  socket: Socket,
  response: ServerResponse | undefined,
  status: number,
  freshId: string,
): string {
  const course = response?.[COURSE];
  if (course) {
    course.refusedWith = status;
    return course.request?.id ?? freshId;
  }
  const client = canonicalAddress(socket.remoteAddress ?? '');
  logger.log({ message: `refused by the parser: ${status}`, requestId: freshId, status, client });
  return freshId;
}

function begin({ socket }: IncomingMessage, response: ServerResponse): void {
  response[COURSE] = {
    startedMs: performance.now(),
    address: socket.remoteAddress,
    request: undefined,
    refusedWith: undefined,
    isOver: false,
  };
  // One function for all: one of its own for each request would cost more than the rest.
  response.on('close', onClose);
  if (response.socket === null) watch(socket, response);
}

function onClose(this: ServerResponse): void {
  end(this);
}

function end(response: ServerResponse): void {
  const course = response[COURSE];
  if (!course || course.isOver) return;
  course.isOver = true;
  tell(course, response);
}

/** Of an answer that waits its turn Node tells no end, should the connection end first. */
function watch(socket: Socket, response: ServerResponse): void {
  const others = waiting.get(socket);
  if (others) {
    others.add(response);
    return;
  }
  const responses = new Set([response]);
  waiting.set(socket, responses);
  socket.once('close', () => {
    for (const each of responses) end(each);
  });
}

const isGiven = (part: string | number | undefined): boolean => part !== undefined;

/** The route's pattern stands for the URL, whose path and query may hold what no log should. */
function tell({ request, startedMs, address, refusedWith }: Course, response: ServerResponse): void {
  const method = response.req.method ?? '';
  const route = request?.routeOptions.url;
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
