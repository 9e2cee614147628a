import { Secret, TOTP } from 'otpauth';
import type { TestClock } from './test-clock.js';

const STEP_SECONDS = 30;

/** An authenticator app, in the time of the tests. */
export class Authenticator {
  private readonly totp: TOTP;

  constructor(
    base32: string,
    private readonly clock: TestClock,
  ) {
    this.totp = new TOTP({ secret: Secret.fromBase32(base32) });
  }

  /** @param steps how many steps of 30 s from now */
  code(steps = 0): string {
    return this.totp.generate({ timestamp: this.clock.now().getTime() + steps * STEP_SECONDS * 1000 });
  }

  /** Waits for the next code: each is accepted once. */
  nextCode(): string {
    this.clock.advance(STEP_SECONDS);
    return this.code();
  }

  /** Six digits that are none of the codes around now. */
  wrongCode(): string {
    const near = [-2, -1, 0, 1, 2].map((steps) => this.code(steps));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code)) ?? '';
  }
}
