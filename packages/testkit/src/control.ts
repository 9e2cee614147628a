import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Testkit } from './testkit.js';

const HOST = '127.0.0.1';

const advance = z.strictObject({ advanceSeconds: z.number() });
const loss = z.strictObject({ drop: z.number().int().min(0) });
const account = z.strictObject({
  email: z.string(),
  password: z.string(),
  name: z.string().optional(),
  roles: z.array(z.string()).optional(),
});
const wanted = z.strictObject({ to: z.string().optional(), purpose: z.string().optional() });

/** What of a testkit a test in another process or language may do, over HTTP on the loopback. */
export interface Control {
  readonly url: string;
  close(): Promise<void>;
}

/** Bodies are JSON alone: no form of a page that a test has opened in its browser reaches this. */
export async function openControl(testkit: Testkit, port = 0): Promise<Control> {
  const server = fastify({ forceCloseConnections: true });
  server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error instanceof z.ZodError ? 400 : (error.statusCode ?? 400);
    const message = error instanceof z.ZodError ? z.prettifyError(error) : error.message;
    void reply.code(status).send({ error: message });
  });
  declareRoutes(server, testkit);
  const url = await server.listen({ port, host: HOST });
  return { url, close: () => server.close() };
}

function declareRoutes(server: FastifyInstance, testkit: Testkit): void {
  const { url, admin, clock, mailbox, refreshAnswers } = testkit;
  const state = (): object => ({
    url,
    admin,
    now: clock.now().toISOString(),
    refreshAnswersDropped: refreshAnswers.dropped,
  });
  server.get('/', state);
  server.post('/clock', ({ body }) => {
    clock.advance(advance.parse(body).advanceSeconds);
    return state();
  });
  server.post('/refresh-answers', ({ body }) => {
    refreshAnswers.drop(loss.parse(body).drop);
    return state();
  });
  server.post('/accounts', async ({ body }, reply) => {
    const { name, roles, ...owner } = account.parse(body);
    const id = await testkit.addAccount({ ...owner, ...(name !== undefined && { name }), ...(roles && { roles }) });
    return reply.code(201).send({ id });
  });
  server.get('/mail', async ({ query }) => {
    const { to, purpose } = wanted.parse(query);
    return to === undefined ? mailbox.mail(purpose) : mailbox.mailTo(to, purpose);
  });
  server.delete('/mail', (_request, reply) => {
    mailbox.clear();
    return reply.code(204).send();
  });
}
