import { readFileSync } from 'node:fs';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadAppConfig } from '../src/config/load-app-config.js';
import { createApp } from '../src/configure-app.js';
import { JwtAuthGuard } from '../src/security/jwt-auth.guard.js';
import { RateLimit } from '../src/security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../src/security/roles.guard.js';
import { ThrottlerGuard } from '../src/security/throttler.guard.js';
import { Api } from './support/api.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { expectProblem } from './support/problem.js';
import { declaredRoutes, faultsOf, isForServices, nameOf, routesOf, takesBearer } from './support/routes.js';
import type { Route } from './support/routes.js';
import { ADMIN, testEnvironment } from './support/test-app.js';

const BARE_CHALLENGE = 'Bearer realm="gatehouse"';
const SOME_ID = '0198c7a0-0000-7000-8000-000000000000';
const withId = (path: string): string => path.replaceAll(/:\w+/g, SOME_ID);

describe('every route', () => {
  let database: TestDatabase;
  let app: NestFastifyApplication;
  let api: Api;
  let routes: Route[];
  /** What the router really serves, however it came there. */
  const served = new Set<string>();

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await createApp({ config: loadAppConfig(testEnvironment(database.url)) });
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRoute', ({ method, url }) => {
        for (const each of [method].flat()) served.add(`${each} ${url}`);
      });
    await app.listen(0, '127.0.0.1');
    api = new Api(await app.getUrl());
    routes = declaredRoutes(app);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const guarded = (): Route[] => routes.filter(takesBearer);

  it('is declared by a controller, where this walk sees its guards', () => {
    const declared = new Set(routes.map(nameOf));
    const unseen = [...served].filter((name) => !declared.has(name.replace(/^HEAD /, 'GET ')));
    expect(unseen).toEqual([]);
    expect(routes.length).toBeGreaterThanOrEqual(15);
    expect([...declared].filter((name) => !served.has(name))).toEqual([]);
  });

  it('is in openapi.json, which has no other', () => {
    const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as { paths: Record<string, object> };
    const described = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(described.toSorted()).toEqual([...new Set(routes.map(nameOf))].toSorted());
  });

  it('has the guards and the limit that its place demands', () => {
    expect(routes.flatMap(faultsOf)).toEqual([]);
  });

  it('asks for a token before anything else where it is not public, HEAD as well as GET', async () => {
    const methods = guarded().flatMap(({ method, path }) =>
      method === 'GET'
        ? [
            { method, path },
            { method: 'HEAD', path },
          ]
        : [{ method, path }],
    );
    expect(methods.length).toBeGreaterThanOrEqual(10);
    for (const { method, path } of methods) {
      const answer = await api.send(method, withId(path));
      expect([nameOf({ method, path }), answer.status, answer.headers.get('www-authenticate')]).toEqual([
        nameOf({ method, path }),
        401,
        BARE_CHALLENGE,
      ]);
      if (method !== 'HEAD') expectProblem(answer, 401, 'token_missing');
    }
  });

  it('for service clients asks for their credentials, and takes no token of a user', async () => {
    const { accessToken } = await api.signIn(ADMIN);
    const services = routes.filter(isForServices);
    expect(services.length).toBeGreaterThanOrEqual(1);
    for (const { method, path } of services) {
      for (const headers of [{}, { authorization: `Bearer ${accessToken}` }, { authorization: 'Basic eDp5' }]) {
        const answer = await api.send(method, path, { headers });
        expect([answer.status, answer.headers.get('www-authenticate')?.split(' ')[0]]).toEqual([401, 'Basic']);
      }
    }
  });

  it('looks for the token in the header alone, not in the URL, a cookie or the body', async () => {
    const { accessToken } = await api.signIn(ADMIN);
    for (const { method, path } of guarded()) {
      const smuggled = `${withId(path)}?access_token=${accessToken}&token=${accessToken}`;
      const answer = await api.send(method, smuggled, {
        headers: { cookie: `access_token=${accessToken}; token=${accessToken}; __Host-access=${accessToken}` },
        ...(method === 'GET' || method === 'DELETE' ? {} : { json: { access_token: accessToken, token: accessToken } }),
      });
      expectProblem(answer, 401, 'token_missing');
    }
  });

  it('refuses a token that is none, and says so', async () => {
    for (const { method, path } of guarded()) {
      const answer = await api.send(method, withId(path), { token: 'not.a.token' });
      expectProblem(answer, 401, 'token_invalid');
      expect(answer.headers.get('www-authenticate')).toMatch(
        /^Bearer realm="gatehouse", error="invalid_token", error_description="[^"]+"$/,
      );
    }
  });

  it('under /api/admin is forbidden to whoever is not an admin', async () => {
    const { accessToken } = await api.newUser('walker@example.com');
    const admin = routes.filter(({ path }) => path.startsWith('/api/admin'));
    expect(admin.length).toBeGreaterThanOrEqual(2);
    for (const { method, path } of admin) {
      const answer = await api.send(method, withId(path), { token: accessToken });
      expectProblem(answer, 403, 'forbidden');
      expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    }
  });

  it.each(['/', '//', '/.', '?', ';', '%2f', '%20', '%00', '#', '/../protected/.'])(
    'does not open to a second spelling of its path: %s behind it',
    async (suffix) => {
      const answer = await api.send('GET', `/api/protected${suffix}`);
      expect([401, 404, 400]).toContain(answer.status);
    },
  );

  it.each(['//api/protected', '/api//protected', '/API/protected', '/api/Protected', '/api%2fprotected', '/./api/me'])(
    'does not open to a second spelling of its path: %s',
    async (path) => {
      const answer = await api.send('GET', `${api.url}${path}`);
      expect([401, 404, 400]).toContain(answer.status);
    },
  );
});

describe('the walk over the routes', () => {
  @Controller('api/unguarded')
  class Unguarded {
    @Get('open')
    open(): void {
      // never called
    }
  }

  @Controller('api/admin/half')
  @UseGuards(ThrottlerGuard, JwtAuthGuard)
  @RateLimit('bearer')
  class HalfGuarded {
    @Post('open')
    open(): void {
      // never called
    }

    @Post('nameless')
    @UseGuards(RolesGuard)
    nameless(): void {
      // never called
    }
  }

  @Controller('api/late')
  @UseGuards(RolesGuard, JwtAuthGuard, ThrottlerGuard)
  @RateLimit('bearer')
  class WrongOrder {
    @Get()
    read(): void {
      // never called
    }
  }

  @Controller('api/admin/sound')
  @UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
  @RequireRole('admin')
  @RateLimit('bearer')
  class Sound {
    @Get(':id')
    read(): void {
      // never called
    }
  }

  it('finds what a route lacks', () => {
    expect(routesOf(Unguarded).flatMap(faultsOf)).toEqual([
      'GET /api/unguarded/open: ThrottlerGuard is not its first guard',
      'GET /api/unguarded/open: names no RateLimit',
      'GET /api/unguarded/open: lacks JwtAuthGuard',
    ]);
    expect(routesOf(HalfGuarded).flatMap(faultsOf)).toEqual([
      'POST /api/admin/half/open: lacks RolesGuard',
      'POST /api/admin/half/open: does not require the role admin',
      'POST /api/admin/half/nameless: does not require the role admin',
    ]);
  });

  it('finds guards in the wrong order', () => {
    expect(routesOf(WrongOrder).flatMap(faultsOf)).toEqual([
      'GET /api/late: ThrottlerGuard is not its first guard',
      'GET /api/late: RolesGuard runs before JwtAuthGuard',
    ]);
  });

  it('finds nothing where nothing is wrong', () => {
    expect(routesOf(Sound).flatMap(faultsOf)).toEqual([]);
  });
});
