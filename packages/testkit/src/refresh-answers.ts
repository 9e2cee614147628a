import type { FastifyInstance } from 'fastify';

const REFRESH = '/api/refresh';

/**
 * Loses the answers to refreshes on their way, as networks do: the service has done all it had to, and the client hears
 * nothing. A client that is written well signs nobody out then.
 */
export class RefreshAnswers {
  private toDrop = 0;
  private lost = 0;

  /** How many have been lost. */
  get dropped(): number {
    return this.lost;
  }

  /** Loses the next ones; the last word counts. @param count Infinity for all of them, 0 for none */
  drop(count: number): void {
    this.toDrop = count;
  }

  /** Call it before the server listens. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onSend', (request, reply, payload, done) => {
      if (this.toDrop > 0 && request.method === 'POST' && request.routeOptions.url === REFRESH) {
        this.toDrop -= 1;
        this.lost += 1;
        reply.raw.destroy();
      }
      done(null, payload);
    });
  }
}
