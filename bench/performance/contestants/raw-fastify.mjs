// Answers what Gatehouse's guarded route answers, with Fastify alone: no token is looked at, no header is added.
import fastify from 'fastify';

const user = { id: '01890a5d-ac96-774b-bcce-b302099a8057', roles: [] };

const app = fastify();
app.get('/api/protected', () => Promise.resolve({ message: 'Access granted', user }));
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
