import type { Principal } from '../../security/principal.js';
import type { ClientContext } from '../../shared/client-context.js';
import type { AdminReason } from '../sessions/revocation-reason.js';
import { CountMismatchError, TooManyError } from '../tokens.errors.js';

/** How sessions are to be ended in numbers, and by whom. */
export interface BulkRequest {
  readonly by: { readonly actor: Principal; readonly client: ClientContext };
  readonly reason: AdminReason;
  /** Only count. */
  readonly dryRun: boolean;
  /** End none unless there are as many. */
  readonly expected: number | undefined;
  /** End the session of the caller as well. */
  readonly includeSelf: boolean;
}

export interface BulkResult {
  /** The live sessions that matched, the caller's too. */
  readonly matched: number;
  readonly revoked: number;
}

/** What was decided while the sessions were locked; told only after the transaction. */
export type BulkOutcome =
  | ({ readonly outcome: 'revoked' } & BulkResult)
  | { readonly outcome: 'count_mismatch'; readonly matched: number }
  | { readonly outcome: 'too_many' };

/** @throws CountMismatchError, TooManyError */
export function resultOf(outcome: BulkOutcome, atMost: number): BulkResult {
  switch (outcome.outcome) {
    case 'revoked':
      return { matched: outcome.matched, revoked: outcome.revoked };
    case 'count_mismatch':
      throw new CountMismatchError(outcome.matched);
    case 'too_many':
      throw new TooManyError(atMost);
  }
}
