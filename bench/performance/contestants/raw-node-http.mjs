// Answers what Gatehouse's guarded route answers, with nothing but Node's own server: the most that there is to reach.
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';

const user = { id: '01890a5d-ac96-774b-bcce-b302099a8057', roles: [] };

const server = createServer((request, response) => {
  const body = JSON.stringify({ message: 'Access granted', user });
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
});
server.listen(Number(process.env.PORT), '127.0.0.1');
