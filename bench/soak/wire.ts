import { Agent, request } from 'node:http';

export interface Wanted {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Whom the proxy, which is the benchmark, heard it from. */
  readonly from: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
}

/** Connections to the service as a proxy in front of it holds them: few, and kept. */
export class Wire {
  private readonly agent: Agent;

  constructor(
    private readonly url: string,
    connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  send({ method, path, from, token, headers = {}, body }: Wanted): Promise<Answered> {
    const all = {
      'x-forwarded-for': from,
      'x-forwarded-proto': 'https',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const call = request(new URL(path, this.url), { method, headers: all, agent: this.agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text });
        });
        response.on('error', reject);
      });
      call.on('error', reject).end(body);
    });
  }

  /** Opens a stream on a connection of its own and hangs up once it has said `marker`. */
  listen(path: string, headers: Readonly<Record<string, string>>, marker: string): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const call = request(new URL(path, this.url), { headers, agent: false }, (response) => {
        const status = response.statusCode ?? 0;
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
          if (text.includes(marker)) response.destroy();
        });
        response.on('close', () => {
          resolve({ status, text });
        });
        response.on('error', reject);
      });
      call.on('error', reject).end();
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
