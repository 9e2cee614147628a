import { Reflector } from '@nestjs/core';

export const RATE_LIMIT_WINDOW_SECONDS = 60;

/**
 * Requests a minute: per client network or, where a valid access token or a service client's secret says who calls, per
 * user or service.
 */
export const RATE_LIMITS = {
  login: { quota: 60, per: 'client' },
  register: { quota: 10, per: 'client' },
  refresh: { quota: 300, per: 'client' },
  bearer: { quota: 600, per: 'user' },
  public: { quota: 600, per: 'client' },
  service: { quota: 6_000, per: 'service' },
} as const satisfies Record<string, { readonly quota: number; readonly per: 'client' | 'user' | 'service' }>;

export type RateLimitPolicy = keyof typeof RATE_LIMITS;

/** On a class or handler behind `ThrottlerGuard`, which takes `bearer` where it stands alone. */
export const RateLimit = Reflector.createDecorator<RateLimitPolicy>();
