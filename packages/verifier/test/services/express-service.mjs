import { createServer } from 'node:http';
import { principalOf, requireToken } from '@gatehouse/verifier/express';
import express from 'express';
import { makeVerifier } from './orders-verifier.mjs';

const verifier = makeVerifier();
await verifier.ready();

const app = express();
app.get('/status', (request, response) => response.json(verifier.status()));
app.get('/orders', requireToken(verifier), (request, response) => response.json(principalOf(request)));
app.get('/admin', requireToken(verifier, { roles: ['admin', 'auditor'] }), (request, response) => response.json({}));
app.get('/unguarded', (request, response) => response.json(principalOf(request)));

const server = createServer(app);
process.once('SIGTERM', () => {
  verifier.close();
  server.close();
  server.closeAllConnections();
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
