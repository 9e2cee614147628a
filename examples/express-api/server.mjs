import { createVerifier } from '@gatehouse/verifier';
import { principalOf, requireToken } from '@gatehouse/verifier/express';
import express from 'express';

const { GATEHOUSE_URL, CLIENT_ID, CLIENT_SECRET, PORT = '4000' } = process.env;

const verifier = createVerifier({
  issuer: GATEHOUSE_URL,
  audience: GATEHOUSE_URL,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
});
await verifier.ready();

/** Notes by the id of the user whose they are: no password, no refresh token and no list of users any more. */
const notes = new Map();

const app = express();
app.use(express.json());

app.get('/', (request, response) => {
  response.json({ name: 'notes' });
});

app.use('/api', requireToken(verifier));

app.get('/api/protected', (request, response) => {
  const { userId, roles } = principalOf(request);
  response.json({ message: 'Access granted', user: { id: userId, roles } });
});

app.get('/api/notes', (request, response) => {
  response.json(notes.get(principalOf(request).userId) ?? []);
});

app.post('/api/notes', (request, response) => {
  const { userId } = principalOf(request);
  const note = { text: String(request.body?.text ?? '') };
  notes.set(userId, [...(notes.get(userId) ?? []), note]);
  response.status(201).json(note);
});

app.delete('/api/notes', requireToken(verifier, { roles: ['admin'] }), (request, response) => {
  notes.clear();
  response.status(204).end();
});

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
