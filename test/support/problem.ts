import type { Answer, Problem } from './api.js';

/** What every answer carries, whatever it is (contract, §1). */
export function expectSecurityHeaders(headers: Headers): void {
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'x-request-id': expect.stringMatching(/^[A-Za-z0-9._-]{8,64}$/) as string,
  });
  // The tests' own address is a plain one, which HSTS would take away from everything else on this machine.
  expect(headers.has('strict-transport-security')).toBe(false);
  expect(headers.has('x-powered-by')).toBe(false);
  expect(headers.has('server')).toBe(false);
}

/** Makes sure that an answer is a whole problem document and tells nothing of the inside. */
export function expectProblem(answer: Answer<unknown>, status: number, code: string): Problem {
  const problem = answer.body as Problem;
  expect([answer.status, (answer.body as Partial<Problem> | undefined)?.code]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expectSecurityHeaders(answer.headers);
  expect(problem).toMatchObject({
    type: `http://127.0.0.1:3000/docs/errors#${code}`,
    title: expect.any(String) as string,
    status,
    detail: expect.any(String) as string,
    requestId: answer.headers.get('x-request-id'),
  });
  expect(answer.text).not.toMatch(/node_modules|\bat .*:\d+:\d+|SELECT|INSERT|UPDATE|TypeORM|postgres/i);
  return problem;
}

/** The fields that a `validation_failed` names, in order of the alphabet. */
export const fieldsOf = (problem: Problem): string[] => (problem.errors ?? []).map(({ field }) => field).sort();

/** An answer without what may differ between two that are the same. */
export const essence = ({ status, headers, text }: Answer<unknown>): unknown => ({
  status,
  text,
  headers: [...headers]
    .filter(([name]) => name !== 'date' && name !== 'x-request-id')
    .map(([name, value]) => [name, name === 'ratelimit' ? value.replaceAll(/;t=\d+/g, '') : value]),
});
