import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { lastValueFrom, of } from 'rxjs';
import type { Observable } from 'rxjs';
import { asAppError } from '../http/as-app-error.js';
import { CallEvents } from './call-events.js';
import { principalOf } from './principal.js';

/**
 * Writes down each call that `RolesGuard` let pass, with what it came to: an admin's call that is then refused, for what it
 * says or for what it is about, is no success. Between the call and its answer: nobody is told what no event tells of, and
 * what a call changed has an event of its own in the transaction of the change.
 */
@Injectable()
export class AdminCalls implements NestInterceptor {
  constructor(private readonly events: CallEvents) {}

  async intercept(context: ExecutionContext, next: CallHandler<unknown>): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = principalOf(request);
    const answer = await lastValueFrom(next.handle(), { defaultValue: undefined }).catch(async (error: unknown) => {
      await this.events.adminCalled(request, principal, asAppError(error).code);
      throw error;
    });
    await this.events.adminCalled(request, principal);
    return of(answer);
  }
}
