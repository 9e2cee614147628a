import { once } from 'node:events';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { json } from 'node:stream/consumers';
import type { Answer } from './api.js';

/** Talks TLS to a service on the loopback, and trusts one root. */
export class TlsClient {
  constructor(
    private readonly port: number,
    private readonly ca: string,
  ) {}

  /** @returns a connection after its handshake; rejects as that does */
  async connect(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connect({ port: this.port, host: '127.0.0.1', servername: 'localhost', ca: this.ca, ...options });
    await once(socket, 'secureConnect');
    // What comes later is for whoever looks.
    socket.on('error', () => undefined);
    return socket;
  }

  /** The serial number of the certificate that a new connection gets. */
  async serial(): Promise<string> {
    const socket = await this.connect();
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  }

  /** An agent that keeps its connections, for many requests over one. */
  agent(): Agent {
    return new Agent({ keepAlive: true, ca: this.ca, servername: 'localhost' });
  }

  /** One request, over a new connection unless an agent is given. */
  async send<Body = Record<string, unknown>>(
    method: string,
    path: string,
    { body, agent = false }: { readonly body?: unknown; readonly agent?: Agent | false } = {},
  ): Promise<Answer<Body>> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const at = { host: '127.0.0.1', port: this.port, servername: 'localhost', ca: this.ca };
    const sent = request({ ...at, method, path, agent, headers }).end(text);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return {
      status: response.statusCode ?? 0,
      headers: new Headers(response.headers as Record<string, string>),
      text: '',
      body: (await json(response)) as Body,
    };
  }
}
