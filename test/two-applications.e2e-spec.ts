import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

describe('two applications in one process', () => {
  let first: TestApp;
  let second: TestApp;

  beforeAll(async () => {
    first = await startTestApp();
    second = await startTestApp();
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });

  it('each ask strategies of their own: what the one knows the other does not', async () => {
    const password = 'seven quiet otters juggling';
    for (const [service, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const email = `${service === first ? 'ada' : 'grace'}@example.com`;
      const tokens = await service.api.newUser(email, password);
      expect((await service.api.get('/api/protected', tokens.accessToken)).status).toBe(200);
      expect((await service.api.refresh(tokens.refreshToken)).status).toBe(200);
      expect((await other.api.get('/api/protected', tokens.accessToken)).status).toBe(401);
      expect((await other.api.refresh(tokens.refreshToken)).status).toBe(401);
      expect((await other.api.post('/api/login', { email, password })).status).toBe(401);
      expect((await other.api.signIn(ADMIN)).accessToken).toBeDefined();
    }
  });
});
