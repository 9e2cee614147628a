import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RequestMethod } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { GUARDS_METADATA, METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { ClientAuthGuard } from '../../src/security/clients/client-auth.guard.js';
import { JwtAuthGuard } from '../../src/security/jwt-auth.guard.js';
import { RateLimit } from '../../src/security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../../src/security/roles.guard.js';
import { ThrottlerGuard } from '../../src/security/throttler.guard.js';

/** A route as its decorators declare it. */
export interface Route {
  readonly method: string;
  /** With parameters as `:id`. */
  readonly path: string;
  /** In the order in which they run. */
  readonly guards: readonly unknown[];
  readonly role: unknown;
  readonly rateLimit: unknown;
}

/** Who may call without a token. Whatever is not here needs one. */
const PUBLIC: ReadonlySet<string> = new Set([
  'POST /api/register',
  'POST /api/login',
  'POST /api/login/mfa',
  'POST /api/refresh',
  'POST /api/logout',
  'POST /api/email/verify',
  'POST /api/email/resend',
  'POST /api/password/forgot',
  'POST /api/password/reset',
  // A refresh token needs no client authentication (RFC 7009 §5); the handler asks for it where it does.
  'POST /oauth/revoke',
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /health/live',
  'GET /health/ready',
]);
/** Which routes are for service clients, who authenticate themselves by HTTP Basic. */
const FOR_SERVICES: ReadonlySet<string> = new Set(['POST /oauth/introspect', 'GET /api/revocations']);
const UNTHROTTLED = 'GET /health/';

export const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string => `${method} ${path}`;
const isPublic = (route: Route): boolean => PUBLIC.has(nameOf(route));
export const isForServices = (route: Route): boolean => FOR_SERVICES.has(nameOf(route));
export const takesBearer = (route: Route): boolean => !isPublic(route) && !isForServices(route);

const metadata = (key: string, targets: readonly object[]): unknown[] =>
  targets.map((target): unknown => Reflect.getMetadata(key, target));
const joined = (...parts: unknown[]): string =>
  `/${parts
    .flat()
    .map(String)
    .flatMap((part) => part.split('/'))
    .filter((part) => part !== '')
    .join('/')}`;

/** The routes of one controller class. */
export function routesOf(controller: Type): Route[] {
  const prototype = controller.prototype as Record<string, object>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    if (handler === undefined) return [];
    const method: unknown = Reflect.getMetadata(METHOD_METADATA, handler);
    if (typeof method !== 'number') return [];
    const [classPath, path] = metadata(PATH_METADATA, [controller, handler]);
    const [role] = metadata(RequireRole.KEY, [handler, controller]).filter((found) => found !== undefined);
    const [rateLimit] = metadata(RateLimit.KEY, [handler, controller]).filter((found) => found !== undefined);
    const guards = metadata(GUARDS_METADATA, [controller, handler]).flatMap((found) => (found ?? []) as unknown[]);
    return [{ method: RequestMethod[method] ?? '', path: joined(classPath, path), guards, role, rateLimit }];
  });
}

/** Every route of the application that a controller declares. */
export function declaredRoutes(app: NestFastifyApplication): Route[] {
  return [...app.get(ModulesContainer).values()]
    .flatMap((module) => [...module.controllers.values()])
    .flatMap(({ metatype }) => (typeof metatype === 'function' ? routesOf(metatype as Type) : []));
}

/** What a route lacks of what its place demands: a sentence each. */
export function faultsOf(route: Route): string[] {
  const at = (guard: unknown): number => route.guards.indexOf(guard);
  const isAdmin = route.path.startsWith('/api/admin');
  const faults: [boolean, string][] = [
    [!nameOf(route).startsWith(UNTHROTTLED) && at(ThrottlerGuard) !== 0, 'ThrottlerGuard is not its first guard'],
    [!nameOf(route).startsWith(UNTHROTTLED) && route.rateLimit === undefined, 'names no RateLimit'],
    [takesBearer(route) && at(JwtAuthGuard) < 0, 'lacks JwtAuthGuard'],
    [isForServices(route) && at(ClientAuthGuard) < 0, 'lacks ClientAuthGuard'],
    [isAdmin && at(RolesGuard) < 0, 'lacks RolesGuard'],
    [at(RolesGuard) >= 0 && at(RolesGuard) < at(JwtAuthGuard), 'RolesGuard runs before JwtAuthGuard'],
    [isAdmin && route.role !== 'admin', 'does not require the role admin'],
  ];
  return faults.filter(([isFault]) => isFault).map(([, fault]) => `${nameOf(route)}: ${fault}`);
}
