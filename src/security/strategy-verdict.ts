import type { FastifyRequest } from 'fastify';
import type { Strategy } from 'passport';

/** What Passport adds to a strategy for each request. */
interface Verdicts<Found> {
  success(found: Found): void;
  fail(challenge: unknown): void;
  error(error: unknown): void;
  authenticate(request: FastifyRequest, options: object): void;
}

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error('A strategy failed.', { cause: thrown });

/**
 * Runs a strategy on one request, as Passport does: it writes the request's verdicts into the strategy, so that no two
 * requests may share one. By its name Passport would find that of whichever application of the process registered it last.
 * @param refusal what to throw where the strategy fails: ours fail with an error that says why
 * @returns what its `validate` has found
 * @throws what its `validate` threw
 */
export function verdictOf<Found>(
  strategy: Strategy & { validate?(...given: never[]): Promise<Found> },
  request: FastifyRequest,
  refusal: (challenge: unknown) => Error = asError,
): Promise<Found> {
  return new Promise((resolve, reject) => {
    const own = Object.create(strategy) as Verdicts<Found>;
    own.success = resolve;
    own.fail = (challenge) => {
      reject(refusal(challenge));
    };
    own.error = (error) => {
      reject(asError(error));
    };
    own.authenticate(request, { session: false });
  });
}
