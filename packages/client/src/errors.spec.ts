import fc from 'fast-check';
import { GatehouseError, asGatehouseError, errorOf, retryAfterSeconds, unwrap } from './errors.js';

const answer = (status: number, headers: Record<string, string> = {}): Response =>
  new Response(null, { status, headers });

describe('an error', () => {
  it('has the code, the fields, the id and the wait of a problem document', () => {
    const body = { code: 'validation_failed', detail: 'No.', requestId: 'r1', errors: [{ field: 'a', message: 'b' }] };
    const error = errorOf(answer(400, { 'retry-after': '7' }), body);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      code: 'validation_failed',
      status: 400,
      retryAfterSeconds: 7,
      requestId: 'r1',
      errors: body.errors,
      message: 'No.',
    });
  });

  it('is made of whatever somebody answers in the place of the service', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 400, max: 599 }), (body, status) => {
        expect(errorOf(answer(status), body).status).toBe(status);
      }),
    );
    expect(errorOf(answer(502), '<p>').code).toBe('unexpected_answer');
  });

  it('of no answer keeps its cause, and an error stays what it is', () => {
    const cause = new TypeError('failed to fetch');
    expect(asGatehouseError(cause)).toMatchObject({ code: 'unreachable', status: 0, cause });
    const error = new GatehouseError('signed_out', 'No.');
    expect(asGatehouseError(error)).toBe(error);
  });

  it('reads Retry-After in seconds and nothing else', () => {
    fc.assert(
      fc.property(fc.nat(), (seconds) => {
        expect(retryAfterSeconds(answer(503, { 'retry-after': String(seconds) }))).toBe(seconds);
      }),
    );
    for (const text of ['', '-1', 'soon'])
      expect(retryAfterSeconds(answer(503, { 'retry-after': text }))).toBeUndefined();
    expect(retryAfterSeconds(answer(503))).toBeUndefined();
  });

  it('is thrown by unwrap for any answer but a success', async () => {
    await expect(unwrap({ data: 1, response: answer(200) })).resolves.toBe(1);
    const refused = unwrap({ error: { code: 'forbidden' }, response: answer(403) });
    await expect(refused).rejects.toMatchObject({ code: 'forbidden', status: 403 });
  });
});
