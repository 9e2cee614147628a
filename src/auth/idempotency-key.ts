import type { FastifyRequest } from 'fastify';
import { ValidationFailedError } from '../http/http.errors.js';

const SHAPE = /^[\x21-\x7e]{1,255}$/;

/** Its form, in JSON Schema. */
export const IDEMPOTENCY_KEY = {
  minLength: 1,
  maxLength: 255,
  pattern: SHAPE.source,
  example: '4c2f1c1e-0f0a-4e7b-9d41-6b3a2f7c9e55',
};

/**
 * The `Idempotency-Key` header: 1 to 255 visible ASCII characters that the client chose for this refresh and all its
 * repeats.
 * @returns undefined where there is none
 * @throws ValidationFailedError for anything else
 */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  if (typeof header === 'string' && SHAPE.test(header)) return header;
  throw new ValidationFailedError([{ field: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' }]);
}
