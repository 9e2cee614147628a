import { Api } from './api.js';
import { buildServer, killServers, startServer } from './built-server.js';
import { createTestDatabase } from './database.js';
import { freePort } from './free-port.js';
import { scratchFolder } from './scratch.js';
import { ADMIN, testEnvironment } from './test-app.js';

/** The built service in a process of its own, at the very address that it tells others. */
export interface PublishedServer {
  readonly url: string;
  readonly api: Api;
  /** Makes another service a client of it: what that one has to be told, as the examples have their environment. */
  newClient(name: string): Promise<{ GATEHOUSE_URL: string; CLIENT_ID: string; CLIENT_SECRET: string }>;
  close(): Promise<void>;
}

/** @param env over that of the tests */
export async function startPublishedServer(env: Readonly<Record<string, string>> = {}): Promise<PublishedServer> {
  buildServer();
  const database = await createTestDatabase();
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer(scratchFolder(), {
    ...testEnvironment(database.url, { PUBLIC_URL: url, ...env }),
    HOST: '127.0.0.1',
    PORT: port,
  });
  await server.listens();
  const api = new Api(url);
  return {
    url,
    api,
    newClient: async (name) => {
      const { accessToken } = await api.signIn(ADMIN);
      const { body } = await api.post<{ clientId: string; clientSecret: string }>(
        '/api/admin/clients',
        { name },
        accessToken,
      );
      return { GATEHOUSE_URL: url, CLIENT_ID: body.clientId, CLIENT_SECRET: body.clientSecret };
    },
    close: async () => {
      await killServers();
      await database.drop();
    },
  };
}
