import type { FastifyRequest } from 'fastify';
import { clientOf } from '../http/client-context.js';
import { noteLimit } from '../http/rate-limit-fields.js';
import type { Guesser } from './guesses/guesses.js';

/** Who guesses by a request: the answer to it tells how many tries are left. */
export const guesserOf = (request: FastifyRequest): Guesser => ({
  client: clientOf(request),
  noteLimit: (limit) => {
    noteLimit(request, limit);
  },
});
