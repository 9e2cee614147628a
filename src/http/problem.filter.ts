import { Catch, Injectable, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { AppConfig } from '../config/app-config.js';
import type { AppError } from '../shared/app-error.js';
import { stackOf } from '../shared/stack-of.js';
import { asAppError } from './as-app-error.js';
import { errorResponse } from './error-response.js';

/** Answers whatever is thrown, and is the only place that does. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter<unknown> {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly config: AppConfig) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = asAppError(thrown);
    const path = request.routeOptions.url ?? request.url;
    const context = { publicUrl: this.config.http.publicUrl, requestId: request.id, path };
    const { status, headers, body } = errorResponse(error, context);
    const isSent = reply.sent || reply.raw.headersSent;
    this.log(error, isSent ? 500 : status, request);
    if (!isSent) void reply.code(status).headers(headers).send(body);
  }

  /** The route's pattern stands for the URL, whose path and query may hold what no log should. */
  private log(error: AppError, status: number, request: FastifyRequest): void {
    const route = `${request.method} ${request.routeOptions.url ?? 'unknown route'}`;
    const line = { message: `${error.code} on ${route}`, requestId: request.id };
    // Refused on purpose, and perhaps very often: nothing is broken that a stack could show.
    if (status === 503 && error.options.cause === undefined) this.logger.warn(line);
    else if (status >= 500) this.logger.error(line, stackOf(error));
    else if (error.options.cause !== undefined) this.logger.debug({ ...line, stack: stackOf(error) });
  }
}
