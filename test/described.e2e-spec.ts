import type { Answer } from './support/api.js';
import { expectDescribed } from './support/described.js';
import { startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

describe('an answer that openapi.json does not describe', () => {
  let service: TestApp;
  let refused: Answer;
  let live: Answer;

  beforeAll(async () => {
    service = await startTestApp();
    refused = await service.api.get('/api/me');
    live = await service.api.get('/health/live');
  });
  afterAll(() => service.close());

  const held =
    (method: string, path: string, answer: Answer): (() => void) =>
    () => {
      expectDescribed(method, path, answer);
    };
  const withHeaders = (answer: Answer, change: (headers: Headers) => void): Answer => {
    const headers = new Headers(answer.headers);
    change(headers);
    return { ...answer, headers };
  };

  it('is told from one that it does', () => {
    expect(held('GET', '/api/me', refused)).not.toThrow();
    expect(held('GET', '/health/live', live)).not.toThrow();
  });

  it.each([402, 201])('fails by its status %d', (status) => {
    expect(held('GET', '/api/me', { ...refused, status })).toThrow(`the status ${status} is not declared`);
  });

  it('fails by a route that is not there', () => {
    expect(held('GET', '/api/nothing', live)).toThrow('the route is not declared');
    expect(held('POST', '/api/me', live)).toThrow('the route is not declared');
  });

  it('fails by a header that is missing, unknown or of another form', () => {
    const without = withHeaders(refused, (headers) => {
      headers.delete('x-request-id');
    });
    const unknown = withHeaders(refused, (headers) => {
      headers.set('x-powered-by', 'curiosity');
    });
    const other = withHeaders(refused, (headers) => {
      headers.set('x-frame-options', 'SAMEORIGIN');
    });

    expect(held('GET', '/api/me', without)).toThrow('the header x-request-id is missing');
    expect(held('GET', '/api/me', unknown)).toThrow('the header x-powered-by is not declared');
    expect(held('GET', '/api/me', other)).toThrow('the header x-frame-options: SAMEORIGIN');
  });

  it('fails by a member that is missing, unknown, or of another value', () => {
    const withBody = (body: object): Answer => ({ ...refused, text: JSON.stringify(body) });
    const rest = { ...refused.body, code: undefined };

    expect(held('GET', '/api/me', withBody(rest))).toThrow("must have required property 'code'");
    expect(held('GET', '/api/me', withBody({ ...refused.body, extra: 1 }))).toThrow('unevaluated');
    // A code, but none of this route's.
    expect(held('GET', '/api/me', withBody({ ...refused.body, code: 'last_admin' }))).toThrow('/code must be equal');
  });

  it('fails by a body of another type, and by one where there is to be none', () => {
    const plain = withHeaders(refused, (headers) => {
      headers.set('content-type', 'text/plain');
    });

    expect(held('GET', '/api/me', plain)).toThrow('the content type text/plain is not declared');
    expect(held('GET', '/api/me', { ...refused, text: '' })).toThrow('there is no body');
    expect(held('POST', '/api/logout', { ...live, status: 204 })).toThrow('is not declared');
  });
});
