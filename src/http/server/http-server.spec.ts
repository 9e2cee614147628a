import { createConnection } from 'node:net';

import {
  Body,
  Controller,
  Delete,
  ForbiddenException,
  Get,
  Global,
  Logger,
  Module,
  Param,
  Post,
  Query,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { CanActivate, INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { IsOptional, IsString } from 'class-validator';
import type { FastifyInstance, FastifyReply, InjectOptions } from 'fastify';

import { AppConfig } from '../../config/app-config.js';
import { AppError } from '../../shared/app-error.js';
import { HttpModule } from '../http.module.js';
import { PageQuery } from '../page-query.dto.js';
import { Readiness } from '../readiness.js';
import { noteLimit } from '../rate-limit-fields.js';
import { UuidParam } from '../uuid-param.js';
import { fastifyOptions } from './fastify-options.js';
import { installHttpHooks } from './http-hooks.js';

type Response = Awaited<ReturnType<FastifyInstance['inject']>>;

const ORIGIN = 'https://app.example.com';
const config: Pick<AppConfig, 'http'> = {
  http: {
    host: '127.0.0.1',
    port: 0,
    publicUrl: 'https://auth.example.com',
    appUrl: ORIGIN,
    corsOrigins: [ORIGIN],
    trustProxy: { kind: 'none' },
    tls: undefined,
    docs: true,
    rateLimit: true,
  },
};

class EchoRequest {
  @IsString()
  name!: string;
  @IsOptional()
  @IsString()
  note?: string;
}

class ConflictingError extends AppError {
  readonly code = 'refresh_superseded';
  constructor() {
    super('Use the newer one.', { retryAfterSeconds: 1.2, members: { status: 1, hint: 'newer' } });
  }
}

class Nobody implements CanActivate {
  canActivate(): boolean {
    throw new ForbiddenException();
  }
}

@Controller('api')
class SampleController {
  @Post('echo')
  echo(@Body() body: EchoRequest): EchoRequest {
    return body;
  }
  @Post('raw')
  raw(@Body() body: unknown): { body: unknown } {
    return { body };
  }
  @Delete('thing')
  remove(@Body() body: unknown): { body: unknown } {
    return { body: body ?? 'unread' };
  }
  @Get('list')
  list(@Query() query: PageQuery): PageQuery {
    return query;
  }
  @Get('things/:id')
  thing(@Param('id', UuidParam) id: string): { id: string } {
    return { id };
  }
  @Get('guarded')
  @UseGuards(Nobody)
  guarded(): object {
    return {};
  }
  @Get('conflict')
  conflict(): never {
    throw new ConflictingError();
  }
  @Get('broken')
  broken(): never {
    throw new Error('secret inside');
  }
  @Get('thrown')
  thrown(): never {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a careless library may do
    throw 'text';
  }
  @Get('database')
  database(): never {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  }
  @Get('late')
  late(@Res() reply: FastifyReply): never {
    void reply.send({ sent: true });
    throw new Error('after the answer');
  }
  @Get('limited')
  limited(@Res({ passthrough: true }) reply: FastifyReply): object {
    noteLimit(reply.request, { policy: 'login', quota: 5, windowSeconds: 900, remaining: 4, resetSeconds: 871 });
    noteLimit(reply.request, {
      policy: 'login-requests',
      quota: 60,
      windowSeconds: 60,
      remaining: -1,
      resetSeconds: 1.5,
    });
    return {};
  }
}

@Controller('oauth')
class OAuthController {
  @Get('broken')
  broken(): never {
    throw new Error('secret inside');
  }
}

interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  requestId: string;
  errors?: { field: string; message: string }[];
}

@Global()
@Module({ providers: [{ provide: AppConfig, useValue: config }], exports: [AppConfig] })
class ConfigModule {}

let app: INestApplication;
let fastify: FastifyInstance;
let port: number;

beforeAll(async () => {
  const module = await Test.createTestingModule({
    imports: [ConfigModule, HttpModule],
    controllers: [SampleController, OAuthController],
  }).compile();
  const adapter = new FastifyAdapter(fastifyOptions(config));
  fastify = adapter.getInstance();
  installHttpHooks(fastify, config);
  app = module.createNestApplication(adapter, { bodyParser: false, logger: false });
  await app.listen(0, '127.0.0.1');
  port = Number(new URL(fastify.listeningOrigin).port);
});
afterAll(async () => app.close());

const call = (options: InjectOptions): Promise<Response> => fastify.inject(options);
const post = (payload: string | Buffer, headers: Record<string, string> = {}, url = '/api/echo'): Promise<Response> =>
  call({ method: 'POST', url, payload, headers: { 'content-type': 'application/json', ...headers } });

/** Sends bytes as they are and returns all that comes back. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = createConnection(port, '127.0.0.1', () => socket.write(text));
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
  });
}

function expectSecurityHeaders(headers: Readonly<Record<string, unknown>>): void {
  expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(headers['strict-transport-security']).toBe('max-age=63072000; includeSubDomains');
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['x-frame-options']).toBe('DENY');
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['x-request-id']).toMatch(/^[A-Za-z0-9._-]{8,64}$/);
  expect(headers).not.toHaveProperty('x-powered-by');
  expect(headers).not.toHaveProperty('server');
}

function expectProblem(response: Response, status: number, code: string): Problem {
  expect([response.statusCode, response.body && response.json<Problem>().code]).toEqual([status, code]);
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expectSecurityHeaders(response.headers);
  const problem = response.json<Problem>();
  expect(problem).toMatchObject({
    type: `https://auth.example.com/docs/errors#${code}`,
    status,
    code,
    requestId: response.headers['x-request-id'],
  });
  expect(typeof problem.title).toBe('string');
  expect(typeof problem.detail).toBe('string');
  return problem;
}

function expectRawProblem(text: string, status: number, code: string): void {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [line, ...fields] = head.split('\r\n');
  expect(line).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  const headers = Object.fromEntries(
    fields.map((field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 2)]),
  );
  expectSecurityHeaders(headers);
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(JSON.parse(body)).toMatchObject({ status, code, requestId: headers['x-request-id'] });
}

describe('problem documents', () => {
  it('answers an unknown route with 404 not_found', async () => {
    expectProblem(await call({ url: '/nowhere' }), 404, 'not_found');
  });

  it.each(['TRACE', 'OPTIONS', 'PUT', 'QUERY', 'PROPFIND'])(
    'answers %s, which no route has, with a problem',
    async (method) => {
      const text = await raw(
        `${method} /api/list HTTP/1.1\r\nHost: a\r\nContent-Type: text/x\r\nConnection: close\r\n\r\n`,
      );
      expectRawProblem(text, 404, 'not_found');
    },
  );

  it('does not let options.members replace the members of its own, and rounds Retry-After up', async () => {
    const response = await call({ url: '/api/conflict' });
    expect(expectProblem(response, 409, 'refresh_superseded')).toMatchObject({
      hint: 'newer',
      detail: 'Use the newer one.',
    });
    expect(response.headers['retry-after']).toBe('2');
  });

  it('tells nothing of a fault but its request id, which the log line has with the stack', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const response = await call({
      url: '/api/broken?token=query-secret',
      headers: { authorization: 'Bearer header-secret' },
    });
    const { requestId } = expectProblem(response, 500, 'internal_error');
    expect(response.body).not.toContain('secret');
    const lines = JSON.stringify(log.mock.calls);
    expect(lines).toContain(requestId);
    expect(lines).toContain('secret inside');
    expect(lines).toContain('http-server.spec');
    expect(lines).not.toMatch(/query-secret|header-secret/);
    log.mockRestore();
  });

  it('answers a thrown non-error with 500', async () => {
    expectProblem(await call({ url: '/api/thrown' }), 500, 'internal_error');
  });

  it('answers 503 unavailable with Retry-After while the database cannot be reached', async () => {
    const response = await call({ url: '/api/database' });
    expectProblem(response, 503, 'unavailable');
    expect(response.headers['retry-after']).toBe('5');
  });

  it('only logs what is thrown after the answer was sent', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const response = await call({ url: '/api/late' });
    expect(response.json()).toEqual({ sent: true });
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });

  it('answers in the JSON of RFC 6749 under /oauth', async () => {
    const unknown = await call({ method: 'POST', url: '/oauth/nowhere' });
    expect([unknown.statusCode, unknown.json()]).toMatchObject([404, { error: 'invalid_request' }]);
    const broken = await call({ url: '/%6fauth/broken' });
    expect([broken.statusCode, broken.json()]).toMatchObject([500, { error: 'server_error' }]);
    expect(broken.headers['content-type']).toBe('application/json; charset=utf-8');
    expectSecurityHeaders(broken.headers);
  });

  it('sends no body to a HEAD that fails', async () => {
    const text = await raw('HEAD /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1.1 404 /);
    expect(text.split('\r\n\r\n')[1]).toBe('');
  });

  it('guards HEAD as it guards GET', async () => {
    expectProblem(await call({ method: 'GET', url: '/api/guarded' }), 403, 'forbidden');
    expect((await call({ method: 'HEAD', url: '/api/guarded' })).statusCode).toBe(403);
  });

  it.each(['/api/list/', '/API/list', '//api/list', '/api//list', '/api/list;x'])(
    'has no second spelling of a route: %s',
    async (url) => {
      expectProblem(await call({ url }), 404, 'not_found');
    },
  );

  it.each(['/%zz', '/api/things/%E0%A4%A'])('answers the bad URL %s with 400', async (url) => {
    expectProblem(await call({ url }), 400, 'malformed_request');
  });

  it('finds nothing under an over-long or malformed id', async () => {
    expectProblem(await call({ url: `/api/things/${'a'.repeat(200)}` }), 404, 'not_found');
    expectProblem(await call({ url: '/api/things/1' }), 404, 'not_found');
    expect((await call({ url: '/api/things/0198c7a0-0000-7000-8000-000000000000' })).statusCode).toBe(200);
  });

  it.each(['*x', 'OPTIONS *'])('has the headers on the odd request target %s', async (target) => {
    const line = target.includes(' ') ? target : `GET ${target}`;
    expectRawProblem(await raw(`${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`), 404, 'not_found');
  });
});

describe('bodies', () => {
  it('takes JSON in UTF-8', async () => {
    const response = await post('{"name":"Zoë"}', { 'content-type': 'application/json; charset="UTF-8"' });
    expect([response.statusCode, response.json()]).toEqual([201, { name: 'Zoë' }]);
    expectSecurityHeaders(response.headers);
  });

  it.each([
    ['cut JSON', '{"name":'],
    ['a byte order mark', '\uFEFF{"name":"a"}'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['__proto__', '{"name":"a","__proto__":{"x":1}}'],
    ['an escaped __proto__', '{"name":"a","\\u005f_proto__":{"x":1}}'],
    ['constructor.prototype', '{"name":"a","constructor":{"prototype":{"x":1}}}'],
    ['nesting without end', `{"name":${'['.repeat(7000)}${']'.repeat(7000)}}`],
    ['two texts', '{} {}'],
  ])('refuses %s as malformed_json', async (_what, body) => {
    expectProblem(await post(body), 400, 'malformed_json');
  });

  it.each([
    ['text/plain', {}],
    ['application/x-www-form-urlencoded', {}],
    ['multipart/form-data; boundary=x', {}],
    ['application/json; charset=latin1', {}],
    ['application/json; charset=utf-8; charset=utf-16', {}],
    ['application/problem+json', {}],
    ['nonsense', {}],
    ['application/json', { 'content-encoding': 'gzip' }],
  ])('refuses %s as unsupported_media_type', async (type, headers) => {
    expectProblem(await post('{"name":"a"}', { 'content-type': type, ...headers }), 415, 'unsupported_media_type');
  });

  it('refuses a body without a content type', async () => {
    expectRawProblem(
      await raw('POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'),
      415,
      'unsupported_media_type',
    );
  });

  it('takes 16 KiB and refuses one byte more, announced or not', async () => {
    const body = (bytes: number): string => `{"name":"${'a'.repeat(bytes - 11)}"}`;
    expect((await post(body(16_384))).statusCode).toBe(201);
    expectProblem(await post(body(16_385)), 413, 'payload_too_large');
    const chunk = `5000\r\n${'a'.repeat(0x5000)}\r\n0\r\n\r\n`;
    const head =
      'POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    expectRawProblem(await raw(head + chunk), 413, 'payload_too_large');
  });

  it.each([
    ['an empty body', { 'content-type': 'application/json' }],
    ['no body at all', {}],
  ])('takes %s for {} and names what is missing', async (_what, headers) => {
    const response = await call({ method: 'POST', url: '/api/echo', headers });
    expect(expectProblem(response, 400, 'validation_failed').errors).toEqual([
      { field: 'name', message: 'must be a string' },
    ]);
  });

  it('lists every field at fault, and no value', async () => {
    const response = await post('{"note":17,"toString":"secret","admin":"secret"}');
    expect(expectProblem(response, 400, 'validation_failed').errors).toEqual(
      expect.arrayContaining([
        { field: 'name', message: 'must be a string' },
        { field: 'note', message: 'must be a string' },
        { field: 'admin', message: 'is not a known field' },
        { field: 'toString', message: 'is not a known field' },
      ]),
    );
    expect(response.body).not.toContain('secret');
  });

  it.each(['[]', '"text"', 'null', '17', 'true', '[{"name":"a"}]'])('refuses the body %s', async (body) => {
    const problem = expectProblem(await post(body), 400, 'validation_failed');
    expect(problem.errors).toEqual([{ field: 'body', message: 'must be a JSON object' }]);
  });

  it('never reads the body of a DELETE', async () => {
    const response = await call({
      method: 'DELETE',
      url: '/api/thing',
      payload: '{"',
      headers: { 'content-type': 'text/x' },
    });
    expect(response.statusCode).toBe(200);
    expect(response.json<{ body: unknown }>().body).toEqual({});
  });

  it.each([
    '/api/list?limit=1&limit=2',
    '/api/list?limit=1e1',
    '/api/list?limit=0',
    '/api/list?limit=101',
    '/api/list?limit=',
    '/api/list?offset=1',
    '/api/list?__proto__=1',
    '/api/list?constructor=1',
    '/api/list?cursor=a&cursor=b',
  ])('refuses the query %s', async (url) => {
    expectProblem(await call({ url }), 400, 'validation_failed');
  });

  it('reads a page query', async () => {
    expect((await call({ url: '/api/list' })).json()).toEqual({ limit: 20 });
    expect((await call({ url: '/api/list?limit=100&cursor=abc' })).json()).toEqual({ limit: 100, cursor: 'abc' });
  });
});

describe('headers of every answer', () => {
  it.each(['12345678', 'a.b_c-D9', 'x'.repeat(64)])('keeps the request id %s', async (id) => {
    const response = await call({ url: '/api/list', headers: { 'x-request-id': id } });
    expect(response.headers['x-request-id']).toBe(id);
  });

  it.each(['1234567', 'x'.repeat(65), 'with space', 'new\tline', 'é2345678'])(
    'replaces the request id %j',
    async (id) => {
      const response = await call({ url: '/api/list', headers: { 'x-request-id': id } });
      expect(response.headers['x-request-id']).not.toBe(id);
      expectSecurityHeaders(response.headers);
    },
  );

  it('gives the reference page a policy that lets Swagger UI run, and only that', async () => {
    const policy = (await call({ url: '/docs/' })).headers['content-security-policy'];
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("default-src 'none'; frame-ancestors 'none'");
    expectSecurityHeaders((await call({ url: '/docsx' })).headers);
  });

  it('lists every limit that was noted in both fields', async () => {
    const { headers } = await call({ url: '/api/limited' });
    expect(headers['ratelimit-policy']).toBe('"login";q=5;w=900, "login-requests";q=60;w=60');
    expect(headers.ratelimit).toBe('"login";r=4;t=871, "login-requests";r=0;t=2');
  });
});

describe('cross-origin requests', () => {
  it('lets a listed origin in, on errors too', async () => {
    for (const url of ['/api/list', '/nowhere', '/api/broken']) {
      const { headers } = await call({ url, headers: { origin: ORIGIN } });
      expect(headers).toMatchObject({
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers':
          'Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate, X-Request-Id, X-Refresh-Replay',
        vary: 'Origin',
      });
    }
  });

  it('answers the preflight of a listed origin', async () => {
    const response = await call({
      method: 'OPTIONS',
      url: '/api/echo',
      headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
    });
    expect(response.statusCode).toBe(204);
    expect(response.body).toBe('');
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, X-Gatehouse, X-Request-Id',
      'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE',
      'access-control-max-age': '600',
    });
    expectSecurityHeaders(response.headers);
  });

  it.each(['null', '*', 'https://app.example.com.evil.test', 'http://app.example.com', 'HTTPS://APP.EXAMPLE.COM', ''])(
    'gives the unlisted origin %j no header at all',
    async (origin) => {
      for (const method of ['GET', 'OPTIONS'] as const) {
        const headers = { origin, 'access-control-request-method': 'GET' };
        const response = await call({ method, url: '/api/list', headers });
        expect(Object.keys(response.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
        expect(response.headers.vary).toBe('Origin');
      }
    },
  );
});

describe('what Node refuses before there is a request', () => {
  it.each([
    ['no HTTP at all', 'nonsense\r\n\r\n', 400, 'malformed_request'],
    ['an unknown method', 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'malformed_request'],
    ['a header with a line break', 'GET / HTTP/1.1\r\nHost: a\r\nX y\r\n\r\n', 400, 'malformed_request'],
    [
      'both lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'malformed_request',
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
      400,
      'malformed_request',
    ],
    ['headers over 8 KiB', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(9_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ])('answers %s with a problem', async (_what, text, status, code) => {
    expectRawProblem(await raw(text), status, code);
  });

  it.each(['', 'Host: a\r\nHost: b\r\n'])('wants exactly one Host (%j)', async (hosts) => {
    expectRawProblem(
      await raw(`GET /api/list HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`),
      400,
      'malformed_request',
    );
  });

  it('ignores an expectation it does not know', async () => {
    expect(await raw('GET /api/list HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 200 /,
    );
  });

  it('does not answer a whole request with the refusal of the next one', async () => {
    const text = await raw('GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n');
    expect(
      text
        .split('HTTP/1.1 ')
        .slice(1)
        .every((answer) => !answer.startsWith('400')),
    ).toBe(true);
  });

  it('gives headers 10 s and a request 30 s', () => {
    expect(fastify.server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000, timeout: 60_000 });
  });
});

describe('health', () => {
  it('names the checks that fail, each within a second', async () => {
    expect((await call({ url: '/health/live' })).json()).toEqual({ status: 'up' });
    expect((await call({ url: '/health/ready' })).json()).toEqual({ status: 'up', checks: {} });
    const readiness = app.get(Readiness);
    readiness.register('feed', () => Promise.resolve());
    readiness.register('database', () => Promise.reject(new Error('secret')));
    readiness.register('slow', () => new Promise(() => undefined));
    const response = await call({ url: '/health/ready' });
    expect(response.statusCode).toBe(503);
    expect(response.json()).toEqual({ status: 'down', checks: { feed: 'up', database: 'down', slow: 'down' } });
    expectSecurityHeaders(response.headers);
  });
});
