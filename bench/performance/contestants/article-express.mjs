// The server that tutorials on JWT end with, written out from their description: Express, jsonwebtoken with a string for a
// secret (HS256), bcryptjs, users in memory. It knows no revocation, adds no security headers and limits nothing.
import { randomBytes } from 'node:crypto';
import bcrypt from 'bcryptjs';
import express from 'express';
import jwt from 'jsonwebtoken';

const SECRET = randomBytes(32).toString('base64url');
const ROUNDS = 10;
const users = new Map();

const app = express();
app.use(express.json());

const authenticate = (request, response, next) => {
  const token = request.headers.authorization?.split(' ')[1];
  if (!token) return response.status(401).json({ message: 'No token provided' });
  try {
    request.user = jwt.verify(token, SECRET);
  } catch {
    return response.status(401).json({ message: 'Invalid token' });
  }
  return next();
};

app.post('/api/register', async (request, response) => {
  const { email, password } = request.body;
  users.set(email, { id: String(users.size + 1), roles: [], password: await bcrypt.hash(password, ROUNDS) });
  response.status(201).json({ message: 'User registered' });
});

app.post('/api/login', async (request, response) => {
  const { email, password } = request.body;
  const user = users.get(email);
  if (!user || !(await bcrypt.compare(password, user.password))) {
    return response.status(401).json({ message: 'Invalid credentials' });
  }
  const accessToken = jwt.sign({ sub: user.id, roles: user.roles }, SECRET, { expiresIn: '60m' });
  return response.json({ accessToken });
});

app.get('/api/protected', authenticate, (request, response) => {
  response.json({ message: 'Access granted', user: { id: request.user.sub, roles: request.user.roles } });
});

app.listen(Number(process.env.PORT), '127.0.0.1');
