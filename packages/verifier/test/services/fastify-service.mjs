import { principalOf, requireToken } from '@gatehouse/verifier/fastify';
import Fastify from 'fastify';
import { makeVerifier } from './orders-verifier.mjs';

const verifier = makeVerifier();
await verifier.ready();

const app = Fastify({ forceCloseConnections: true });
app.addHook('onClose', async () => verifier.close());
app.get('/status', async () => verifier.status());
app.get('/orders', { onRequest: requireToken(verifier) }, async (request) => principalOf(request));
app.get('/admin', { onRequest: requireToken(verifier, { roles: ['admin', 'auditor'] }) }, async () => ({}));
app.get('/unguarded', async (request) => principalOf(request));

process.once('SIGTERM', () => app.close());
process.stdout.write(`listening on ${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
