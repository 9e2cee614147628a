import { createConnection } from 'node:net';

import { Controller, Get, Global, Logger, Module, Post, UseGuards } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import passport from 'passport';
import { DataSource } from 'typeorm';

import { AuditLog } from '../audit/audit-log.js';
import type { AuditEvent } from '../audit/audit-event.js';
import { AuditModule } from '../audit/audit.module.js';
import { Refusals } from '../audit/refusals.js';
import { AppConfig } from '../config/app-config.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { DataKeys } from '../crypto/data-keys.js';
import { MalformedRequestError } from '../http/http.errors.js';
import { HttpModule } from '../http/http.module.js';
import { fastifyOptions } from '../http/server/fastify-options.js';
import { installHttpHooks } from '../http/server/http-hooks.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { Clock } from '../shared/clock.js';
import { asSessionId, asUserId } from '../shared/ids.js';
import { BearerAuthentication } from './bearer-authentication.js';
import type { BearerStrategy } from './bearer-authentication.js';
import { bearerToken } from './bearer-token.js';
import { JwtAuthGuard } from './jwt-auth.guard.js';
import { CurrentPrincipal } from './principal.js';
import type { Principal } from './principal.js';
import { RateLimit } from './rate-limit.decorator.js';
import { RequireRole, RolesGuard } from './roles.guard.js';
import { TokenRevokedError, TokenStaleError } from './security.errors.js';
import { SecurityModule } from './security.module.js';
import { ThrottlerGuard } from './throttler.guard.js';

type Response = Awaited<ReturnType<FastifyInstance['inject']>>;

class SetClock extends Clock {
  ms = 1_700_000_000_000;
  now(): Date {
    return new Date(this.ms);
  }
  synchronise(): void {
    // Nothing measures this one.
  }
}
const clock = new SetClock();
const http = {
  host: '127.0.0.1',
  port: 0,
  publicUrl: 'https://auth.example.com',
  appUrl: 'https://app.example.com',
  corsOrigins: [],
  trustProxy: { kind: 'hops' as const, hops: 1 },
  tls: undefined,
  docs: false,
  rateLimit: true,
};
const accounts = { adminMaxAuthAgeSeconds: 43_200, adminRequireMfa: true };

function principal(token: string): Principal {
  const [userId = '', role = 'user', ageSeconds = '0', method = 'pwd'] = token.split('.');
  return {
    userId: asUserId(userId),
    sessionId: asSessionId('s'),
    tokenId: 't',
    keyId: 'k',
    roles: [role],
    ver: 1,
    era: 1,
    amr: method === 'otp' ? ['pwd', 'otp'] : ['pwd'],
    authenticatedAt: new Date(clock.ms - Number(ageSeconds) * 1000),
    issuedAt: new Date(clock.ms),
    expiresAt: new Date(clock.ms + 900_000),
  };
}

let runs = 0;
/** Stands for the strategy of `auth`, and answers in each of the ways that one may. */
class TokenStrategy extends passport.Strategy implements BearerStrategy {
  recall(request: FastifyRequest): Principal | undefined {
    return bearerToken(request) === 'remembered' ? principal('remembered') : undefined;
  }
  override authenticate(request: unknown): void {
    runs += 1;
    try {
      const token = bearerToken(request as FastifyRequest);
      if (token === 'revoked') this.error(new TokenRevokedError());
      else if (token === 'stale') this.fail(new TokenStaleError(), 401);
      else if (token === 'expired')
        this.fail(Object.assign(new Error('jwt expired'), { name: 'TokenExpiredError' }), 401);
      else if (token === 'odd') this.fail('jwt malformed', 401);
      else if (token === 'fault') this.error(new Error('no key'));
      else this.success(principal(token));
    } catch (error) {
      if (error instanceof Error) this.fail(error, 401);
    }
  }
}

@Controller('me')
@UseGuards(ThrottlerGuard, JwtAuthGuard)
@RateLimit('bearer')
class MeController {
  @Get()
  me(@CurrentPrincipal() me: Principal): { userId: string } {
    return { userId: me.userId };
  }
}

@Controller('admin')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
class AdminController {
  @RequireRole('admin')
  @Get('users')
  users(): object {
    return {};
  }
  @RequireRole('admin')
  @Post('nothing')
  nothing(): void {
    // Answered without a body.
  }
  @RequireRole('admin')
  @Get('refused')
  refused(): object {
    throw new MalformedRequestError();
  }
  @RequireRole('admin')
  @Get('broken')
  broken(): Promise<object> {
    return Promise.reject(new Error('broken'));
  }
  @Get('forgotten')
  forgotten(): object {
    return {};
  }
}

@Controller()
@UseGuards(ThrottlerGuard)
class OpenController {
  @RateLimit('login')
  @Post('login')
  login(): object {
    return {};
  }
  @RateLimit('login')
  @Post('login/mfa')
  mfa(): object {
    return {};
  }
  @RateLimit('register')
  @Post('register')
  register(): object {
    return {};
  }
}

@Global()
@Module({
  providers: [
    { provide: AppConfig, useValue: { http, accounts } },
    { provide: Clock, useValue: clock },
    // Of service clients, who have tests of their own over a real one.
    { provide: DataSource, useValue: {} },
  ],
  exports: [AppConfig, Clock, DataSource],
})
class SharedModule {}

/** Of the event log, which has tests of its own over a real database: what was written. */
const written: AuditEvent[] = [];
let takesEvents = true;
class WrittenEvents {
  append(event: AuditEvent): Promise<void> {
    if (!takesEvents) return Promise.reject(new Error('the event could not be written'));
    written.push(event);
    return Promise.resolve();
  }
}
@Module({
  imports: [ObservabilityModule],
  providers: [{ provide: AuditLog, useClass: WrittenEvents }, Refusals],
  exports: [AuditLog, Refusals],
})
class EventsModule {}

/** Of Redis, which this service does not have. */
@Module({ providers: [{ provide: DataKeys, useValue: {} }], exports: [DataKeys] })
class KeysModule {}

let app: INestApplication;
let fastify: FastifyInstance;
let port: number;

beforeAll(async () => {
  const module = await Test.createTestingModule({
    imports: [SharedModule, HttpModule, SecurityModule],
    controllers: [MeController, AdminController, OpenController],
  })
    .overrideModule(AuditModule)
    .useModule(EventsModule)
    .overrideModule(CryptoModule)
    .useModule(KeysModule)
    .compile();
  const adapter = new FastifyAdapter(fastifyOptions({ http }));
  fastify = adapter.getInstance();
  installHttpHooks(fastify, { http });
  module.get(BearerAuthentication, { strict: false }).use(new TokenStrategy());
  app = module.createNestApplication(adapter, { bodyParser: false, logger: false });
  await app.listen(0, '127.0.0.1');
  port = Number(new URL(fastify.listeningOrigin).port);
});
afterAll(async () => {
  await app.close();
});
beforeEach(() => {
  clock.ms += 120_000;
  written.length = 0;
  takesEvents = true;
  http.rateLimit = true;
  accounts.adminRequireMfa = true;
});

const get = (url: string, token?: string, ip = '192.0.2.1'): Promise<Response> =>
  fastify.inject({
    url,
    headers: { 'x-forwarded-for': ip, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
  });
const post = (url: string, ip = '192.0.2.1', token?: string): Promise<Response> =>
  fastify.inject({
    method: 'POST',
    url,
    headers: { 'x-forwarded-for': ip, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
  });

interface Answer {
  status: number;
  code: unknown;
  challenge: unknown;
}
const answerOf = (response: Response): Answer => ({
  status: response.statusCode,
  code: response.json<{ code?: string }>().code,
  challenge: response.headers['www-authenticate'],
});

function rawAuthorization(lines: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    createConnection(port, '127.0.0.1')
      .on('data', (chunk) => (text += chunk.toString('latin1')))
      .on('error', reject)
      .on('close', () => {
        resolve(text);
      })
      .write(`GET /me HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`);
  });
}

describe('a route behind JwtAuthGuard', () => {
  it('knows who calls, having asked the strategy once for both guards', async () => {
    runs = 0;
    const response = await get('/me', 'alice');
    expect(response.json()).toEqual({ userId: 'alice' });
    expect(runs).toBe(1);
  });

  it('does not verify what the strategy has verified before', async () => {
    runs = 0;
    expect((await get('/me', 'remembered')).json()).toEqual({ userId: 'remembered' });
    expect(runs).toBe(0);
  });

  it('refuses HEAD as it refuses GET', async () => {
    expect((await fastify.inject({ method: 'HEAD', url: '/me' })).statusCode).toBe(401);
    const head = await fastify.inject({ method: 'HEAD', url: '/me', headers: { authorization: 'Bearer alice' } });
    expect([head.statusCode, head.body]).toEqual([200, '']);
  });

  it('asks for a token where there is none, and does not look for one in the URL', async () => {
    const missing = { status: 401, code: 'token_missing', challenge: 'Bearer realm="gatehouse"' };
    expect(answerOf(await get('/me'))).toEqual(missing);
    expect(answerOf(await get('/me?access_token=alice'))).toEqual(missing);
  });

  it.each([
    ['revoked', 'token_revoked'],
    ['stale', 'token_stale'],
    ['expired', 'token_expired'],
    ['odd', 'token_invalid'],
  ])('refuses a token that is %s as %s', async (token, code) => {
    const answer = answerOf(await get('/me', token));
    expect(answer).toMatchObject({ status: 401, code });
    expect(answer.challenge).toContain('error="invalid_token"');
  });

  it('does not blame the token for a fault of the service', async () => {
    expect(answerOf(await get('/me', 'fault'))).toMatchObject({ status: 500, code: 'internal_error' });
  });

  it.each([
    ['Authorization: bearer alice\r\n', 200, 'alice'],
    ['AUTHORIZATION:   BEARER   alice  \r\n', 200, 'alice'],
    ['Authorization: Basic YTpi\r\n', 401, 'token_missing'],
    ['Authorization: Bearerx alice\r\n', 401, 'token_missing'],
    ['Authorization:\r\n', 401, 'token_missing'],
    ['Authorization: Bearer\r\n', 401, 'token_invalid'],
    ['Authorization: Bearer a b\r\n', 401, 'token_invalid'],
    ['Authorization: Bearer a, Bearer b\r\n', 401, 'token_invalid'],
    ['Authorization: Bearer a=b\r\n', 401, 'token_invalid'],
    ['Authorization: Bearer\talice\r\n', 401, 'token_missing'],
    ['Authorization: Bearer alice\r\nAuthorization: Bearer alice\r\n', 401, 'token_invalid'],
    ['Authorization: Bearer alice\r\nauthorization: Basic YTpi\r\n', 401, 'token_invalid'],
    ['Authorization: Basic YTpi\r\nAuthorization: Bearer alice\r\n', 401, 'token_invalid'],
  ])('reads %j as %i %s', async (lines, status, text) => {
    const answer = await rawAuthorization(lines);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(`"${text}"`);
  });
});

describe('a route behind RolesGuard', () => {
  it('lets an admin pass who signed in lately and with a second factor', async () => {
    expect((await get('/admin/users', 'root.admin.43200.otp')).statusCode).toBe(200);
  });

  it('refuses everybody else as forbidden', async () => {
    const answer = answerOf(await get('/admin/users', 'alice.user.0.otp'));
    expect(answer).toMatchObject({ status: 403, code: 'forbidden' });
    expect(answer.challenge).toContain('error="insufficient_scope"');
  });

  it('asks an admin for a recent sign-in', async () => {
    const answer = answerOf(await get('/admin/users', 'root.admin.43201.otp'));
    expect(answer).toMatchObject({ status: 401, code: 'reauth_required' });
    expect(answer.challenge).toMatch(/error="insufficient_user_authentication", .*max_age=43200$/);
  });

  it('asks an admin for a second factor where one is required', async () => {
    const answer = answerOf(await get('/admin/users', 'root.admin'));
    expect(answer).toEqual({ status: 403, code: 'mfa_enrolment_required', challenge: undefined });
    accounts.adminRequireMfa = false;
    expect((await get('/admin/users', 'root.admin')).statusCode).toBe(200);
  });

  it('writes down every call of an admin, what it came to, and who was refused why', async () => {
    const root = 'root.admin.0.otp';
    await get('/admin/users?secret=1', root);
    expect((await post('/admin/nothing', '192.0.2.1', root)).statusCode).toBe(201);
    expect((await get('/admin/refused', root)).statusCode).toBe(400);
    expect((await get('/admin/broken', root)).statusCode).toBe(500);
    await get('/admin/users', 'alice.user.0.otp');
    await get('/admin/users', 'root.admin.43201.otp');
    await get('/admin/users', 'root.admin');
    expect(written.map(({ type, userId, outcome, details }) => ({ type, userId, outcome, ...details }))).toEqual(
      [
        ['authz_admin', 'root', 'success', 'GET /admin/users', undefined],
        ['authz_admin', 'root', 'success', 'POST /admin/nothing', undefined],
        ['authz_admin', 'root', 'failure', 'GET /admin/refused', 'malformed_request'],
        ['authz_admin', 'root', 'failure', 'GET /admin/broken', 'internal_error'],
        ['authz_fail', 'alice', 'failure', 'GET /admin/users', 'forbidden'],
        ['authz_fail', 'root', 'failure', 'GET /admin/users', 'reauth_required'],
        ['authz_fail', 'root', 'failure', 'GET /admin/users', 'mfa_enrolment_required'],
      ].map(([type, userId, outcome, route, reason]) => ({
        ...{ type, userId, outcome, route, target: null },
        ...(reason !== undefined && { reason }),
      })),
    );
  });

  it('answers nothing of an admin’s call that cannot be written down', async () => {
    const root = 'root.admin.0.otp';
    takesEvents = false;
    for (const path of ['/admin/users', '/admin/refused']) expect((await get(path, root)).statusCode).toBe(500);
  });

  it('is closed to all where no role is named', async () => {
    expect(answerOf(await get('/admin/forgotten', 'root.admin.0.otp'))).toMatchObject({
      status: 403,
      code: 'forbidden',
    });
  });
});

describe('a route behind ThrottlerGuard', () => {
  it('refuses what is too much with 429, Retry-After and both fields, and takes it again in the next window', async () => {
    for (let sent = 0; sent < 10; sent += 1) expect((await post('/register')).statusCode).toBe(201);
    clock.ms += 20_000;
    const refused = await post('/register');
    expect(answerOf(refused)).toEqual({ status: 429, code: 'rate_limited', challenge: undefined });
    expect(refused.headers).toMatchObject({
      'retry-after': '40',
      'ratelimit-policy': '"register-requests";q=10;w=60',
      ratelimit: '"register-requests";r=0;t=40',
    });
    clock.ms += 40_000;
    const taken = await post('/register');
    expect(taken.statusCode).toBe(201);
    expect(taken.headers.ratelimit).toBe('"register-requests";r=9;t=60');
    expect(Object.keys(taken.headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
  });

  it('counts the two steps of a sign-in together, and each client apart', async () => {
    await post('/login');
    expect((await post('/login/mfa')).headers.ratelimit).toBe('"login-requests";r=58;t=60');
    expect((await post('/login', '192.0.2.2')).headers.ratelimit).toBe('"login-requests";r=59;t=60');
  });

  it('does not count by what the client itself forwards', async () => {
    await post('/login', '1.1.1.1, 192.0.2.3');
    expect((await post('/login', '2.2.2.2, 192.0.2.3')).headers.ratelimit).toBe('"login-requests";r=58;t=60');
  });

  it('counts an IPv6 network of 64 bits as one client, and a mapped address as IPv4', async () => {
    await post('/login', '2001:db8:0:1::1');
    expect((await post('/login', '2001:db8:0:1:ffff::2')).headers.ratelimit).toContain('r=58');
    expect((await post('/login', '2001:db8:0:2::1')).headers.ratelimit).toContain('r=59');
    await post('/login', '::ffff:192.0.2.9');
    expect((await post('/login', '192.0.2.9')).headers.ratelimit).toContain('r=58');
  });

  it('counts a user wherever they are, and a token that does not hold by its address', async () => {
    await get('/me', 'bob', '192.0.2.1');
    expect((await get('/me', 'bob', '192.0.2.2')).headers.ratelimit).toBe('"bearer-requests";r=598;t=60');
    expect((await get('/me', 'carol', '192.0.2.1')).headers.ratelimit).toBe('"bearer-requests";r=599;t=60');
    await get('/me', 'revoked', '192.0.2.4');
    expect((await get('/me', undefined, '192.0.2.4')).headers.ratelimit).toBe('"bearer-requests";r=598;t=60');
  });

  it('takes the bearer policy where none is named', async () => {
    expect((await get('/admin/users', 'dave')).headers.ratelimit).toBe('"bearer-requests";r=599;t=60');
  });

  it('counts nothing while RATE_LIMIT is off', async () => {
    http.rateLimit = false;
    expect((await post('/login')).headers).not.toHaveProperty('ratelimit');
  });

  it('never counts a probe', async () => {
    expect((await get('/health/live')).headers).not.toHaveProperty('ratelimit');
  });
});

it('leaves no log line of a refusal that is the caller’s own doing', async () => {
  const log = jest.spyOn(Logger.prototype, 'error');
  await get('/me', 'revoked');
  await get('/me');
  expect(log).not.toHaveBeenCalled();
  log.mockRestore();
});
