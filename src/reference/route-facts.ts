import type { INestApplication, Type } from '@nestjs/common';
import { GUARDS_METADATA, METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { MailGuard } from '../auth/account/mail.guard.js';
import { ApiCookie } from '../http/api-cookie.js';
import type { CookieParameter } from '../http/api-cookie.js';
import { ApiProblems } from '../http/problem.dto.js';
import { ClientAuthGuard } from '../security/clients/client-auth.guard.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import type { RateLimitPolicy } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import type { ErrorCode } from '../shared/error-codes.js';

/** What the code of a route says of it besides what `@nestjs/swagger` reads. */
export interface RouteFacts {
  /** The errors of its own and of its guards. */
  readonly codes: readonly ErrorCode[];
  /** Undefined where nothing is counted. */
  readonly rateLimit: RateLimitPolicy | undefined;
  readonly role: string | undefined;
  /** Whether a guard asks for credentials; a route without may still take some. */
  readonly authenticates: boolean;
  readonly cookie: CookieParameter | undefined;
}

const BEARER: readonly ErrorCode[] = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_stale',
  'token_revoked',
  'revocation_unknown',
];

const BY_GUARD: ReadonlyMap<unknown, readonly ErrorCode[]> = new Map<unknown, readonly ErrorCode[]>([
  [ThrottlerGuard, ['rate_limited']],
  [JwtAuthGuard, BEARER],
  [RolesGuard, ['reauth_required', 'forbidden', 'mfa_enrolment_required']],
  [ClientAuthGuard, ['invalid_client']],
  // With `MAIL=off`.
  [MailGuard, ['not_found']],
]);

/** The facts of every route, by the name of its handler, which is the operation's id. */
export function routeFacts(app: INestApplication): ReadonlyMap<string, RouteFacts> {
  const controllers = [...app.get(ModulesContainer).values()].flatMap(({ controllers }) => [...controllers.values()]);
  return new Map(
    controllers.flatMap(({ metatype }) => (typeof metatype === 'function' ? factsOfAll(metatype as Type) : [])),
  );
}

function factsOfAll(controller: Type): [string, RouteFacts][] {
  const prototype = controller.prototype as Record<string, object>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name): [string, RouteFacts][] => {
    const handler = prototype[name];
    const isRoute = handler !== undefined && Reflect.hasMetadata(METHOD_METADATA, handler);
    return isRoute ? [[name, factsOf(controller, handler)]] : [];
  });
}

function factsOf(controller: Type, handler: object): RouteFacts {
  const on = <Value>(key: string): Value[] =>
    [handler, controller].flatMap((target) => (Reflect.getMetadata(key, target) ?? []) as Value | Value[]);
  const guards = on<unknown>(GUARDS_METADATA);
  const path = on<string>(PATH_METADATA).join('/');
  const codes = [
    ...guards.flatMap((guard) => BY_GUARD.get(guard) ?? []),
    ...on<ErrorCode>(ApiProblems.KEY),
    ...(path.includes(':') ? (['not_found'] as const) : []),
  ];
  return {
    codes,
    rateLimit: guards.includes(ThrottlerGuard) ? (on<RateLimitPolicy>(RateLimit.KEY)[0] ?? 'bearer') : undefined,
    role: on<string>(RequireRole.KEY)[0],
    authenticates: guards.includes(JwtAuthGuard) || guards.includes(ClientAuthGuard),
    cookie: on<CookieParameter>(ApiCookie.KEY)[0],
  };
}
