import { Injectable } from '@nestjs/common';
import { Metrics } from '../../observability/metrics.js';
import type { SignInOutcome, SignInStep } from '../../observability/metrics.js';
import { AppError } from '../../shared/app-error.js';
import type { ErrorCode } from '../../shared/error-codes.js';

/** What a step came to, by the code of its answer; whatever else is an error: nothing was learned of the sign-in. */
const OUTCOMES: Partial<Record<ErrorCode, SignInOutcome>> = {
  mfa_required: 'mfa_required',
  invalid_credentials: 'invalid_credentials',
  mfa_invalid: 'mfa_invalid',
  account_disabled: 'disabled',
  email_unverified: 'unverified',
  rate_limited: 'blocked',
  overloaded: 'overloaded',
};

/** Counts what sign-ins come to, step by step. */
@Injectable()
export class SignInTally {
  constructor(private readonly metrics: Metrics) {}

  /** Runs the last part of a step: it ends here, whatever it comes to. */
  async step<Result>(step: SignInStep, work: () => Promise<Result>): Promise<Result> {
    const result = await this.refusals(step, work);
    this.count(step, 'success');
    return result;
  }

  /** Runs a part of a step: where it fails, the step has ended. */
  async refusals<Result>(step: SignInStep, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.count(step, (error instanceof AppError ? OUTCOMES[error.code] : undefined) ?? 'error');
      throw error;
    }
  }

  private count(step: SignInStep, outcome: SignInOutcome): void {
    this.metrics.signIns.inc({ step, outcome });
  }
}
