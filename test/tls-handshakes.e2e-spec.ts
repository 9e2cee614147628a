import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { buildServer, killServers, startServer } from './support/built-server.js';
import type { BuiltServer } from './support/built-server.js';
import { makeCertificate } from './support/certificate.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { productionEnvironment } from './support/production-environment.js';
import { scratchFolder } from './support/scratch.js';
import { TlsClient } from './support/tls-client.js';

jest.setTimeout(120_000);

/** The beginning of a ClientHello. What comes behind it never does. */
const BEGUN = Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]);
/** What docs/operations.md and the manifests give an instance. */
const MEMORY_KIB = 512 * 1024;
const AT_ONCE = 100;

describe('a service of TLS whose clients begin handshakes and never go on', () => {
  const { certFile, keyFile } = makeCertificate();
  const held: Socket[] = [];
  let database: TestDatabase;
  let server: BuiltServer;
  let client: TlsClient;

  const answers = (): Promise<void> =>
    eventually(async () => {
      expect((await client.send('GET', '/health/ready')).status).toBe(200);
    }, 60_000);
  const hold = async (count: number): Promise<void> => {
    const port = Number(new URL(server.url).port);
    for (let opened = 0; opened < count; opened += AT_ONCE) {
      const sockets = Array.from({ length: AT_ONCE }, () => createConnection(port, '127.0.0.1'));
      held.push(...sockets);
      await Promise.all(
        sockets.map(async (socket) => {
          socket.on('error', () => undefined).resume();
          await once(socket, 'connect');
          socket.write(BEGUN);
        }),
      );
    }
  };

  beforeAll(async () => {
    buildServer();
    database = await createTestDatabase();
    server = await startServer(scratchFolder(), {
      ...productionEnvironment(database.url),
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: keyFile,
    });
    client = new TlsClient(Number(new URL(server.url).port), readFileSync(certFile, 'utf8'));
    await answers();
  });
  afterAll(async () => {
    for (const socket of held) socket.destroy();
    await killServers();
    await database.drop();
  });

  it('keeps within the memory of an instance, and serves the others once their time is over', async () => {
    await hold(6_000);
    await answers();
    for (const socket of held.splice(0)) socket.destroy();
    await answers();
    expect(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.pid)]))).toBeLessThan(MEMORY_KIB);
  });

  it('waits for none of them when it is told to stop', async () => {
    await hold(AT_ONCE);
    await answers();
    const toldMs = performance.now();
    expect((await server.stop()).code).toBe(0);
    // The time of a handshake is 10 s.
    expect(performance.now() - toldMs).toBeLessThan(8_000);
  });
});
