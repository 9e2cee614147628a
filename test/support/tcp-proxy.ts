import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** A wire to a server that a test can cut and mend. */
export interface TcpProxy {
  /** The given address, by way of the proxy. */
  readonly url: string;
  /** Resets every connection and refuses new ones, as a server does that has gone. */
  cut(): Promise<void>;
  /** Keeps connections and takes new ones, but lets no byte through, as a network does that drops packets. */
  freeze(): void;
  /** How many pieces have been lost by that. */
  dropped(): number;
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function proxyTo(target: string): Promise<TcpProxy> {
  const url = new URL(target);
  const sockets = new Set<Socket>();
  let frozen = false;
  let lost = 0;

  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const server: Server = createServer((client) => {
    track(client);
    const upstream = track(createConnection(Number(url.port), url.hostname));
    client.on('data', (chunk) => (frozen ? (lost += 1) : upstream.write(chunk))).on('close', () => upstream.destroy());
    upstream.on('data', (chunk) => (frozen ? (lost += 1) : client.write(chunk))).on('close', () => client.destroy());
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  };
  const port = await listen(0);
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
    await once(server, 'close');
  };

  const proxied = new URL(target);
  proxied.host = `127.0.0.1:${port}`;
  return {
    url: proxied.href,
    cut,
    freeze: () => {
      frozen = true;
    },
    dropped: () => lost,
    mend: async () => {
      // What went under in a frozen connection is lost: it cannot go on.
      if (frozen) for (const socket of sockets) socket.resetAndDestroy();
      frozen = false;
      if (!server.listening) await listen(port);
    },
    close: cut,
  };
}
