import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type { ServerProcess } from '../../support/server-process.js';
import type { Instance } from './instances.js';

/** How long a client waits before it gives up by itself. */
const PATIENCE_MS = 8_000;
const LINES_OF_A_REASON = 12;

/**
 * What becomes of a request: its answer arrives; it is served, but the answer is lost on the way; or the caller hangs up as soon
 * as it is sent, so that nobody can say whether it was served.
 */
export type Fate = 'answered' | 'answer lost' | 'given up';

export interface Message {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly token?: string | undefined;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Times are by `performance.now`: a request was sent no earlier than `sentMs`, and its answer is here since `answeredMs`. */
export interface Reply {
  readonly sentMs: number;
  readonly answeredMs: number;
  /** 0 where there was no answer. */
  readonly status: number;
  /** `granted` for any success, `unanswered`, or the code of the problem. */
  readonly verdict: string;
  readonly body: unknown;
}

/** One client's connections, from a loopback address of its own: limits count by address. */
export class Wire {
  private readonly agent: Agent;
  private isClosed = false;

  /** @param address of 127.0.0.0/8 */
  constructor(
    readonly address: string,
    private readonly userAgent: string,
  ) {
    this.agent = new Agent({ keepAlive: true, localAddress: address, maxFreeSockets: 4 });
  }

  /** @throws once it is closed: a storm that is broken off must not be asked about for ever */
  async send({ origin, process }: Instance, message: Message, fate: Fate = 'answered'): Promise<Reply> {
    if (this.isClosed) throw new Error('the storm was broken off');
    const sentMs = performance.now();
    try {
      const answer = await this.exchange(new URL(message.path, origin), message, fate);
      const answeredMs = performance.now();
      // Nothing may break inside: the log says what did, and is not kept for long.
      const isBroken = answer.status >= 500 && answer.status !== 503;
      const why = isBroken ? `: ${await loggedFor(answer.body, process)}` : '';
      return { sentMs, answeredMs, ...answer, verdict: answer.verdict + why };
    } catch {
      return { sentMs, answeredMs: performance.now(), status: 0, verdict: 'unanswered', body: undefined };
    }
  }

  close(): void {
    this.isClosed = true;
    this.agent.destroy();
  }

  private async exchange(
    url: URL,
    { method, token, json, headers = {} }: Message,
    fate: Fate,
  ): Promise<Pick<Reply, 'status' | 'verdict' | 'body'>> {
    const content = json === undefined ? undefined : JSON.stringify(json);
    const sending = request(url, {
      method,
      agent: this.agent,
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: {
        'user-agent': this.userAgent,
        ...(content === undefined ? {} : { 'content-type': 'application/json', 'content-length': content.length }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sending.on('response', resolve).on('error', reject);
      if (fate === 'given up') sending.on('finish', () => setImmediate(() => sending.destroy(new Error('given up'))));
      sending.end(content);
    });
    if (fate === 'answer lost') {
      sending.destroy();
      throw new Error('the answer was lost');
    }
    const said = await text(response);
    const isJson = /^application\/(problem\+)?json/.test(response.headers['content-type'] ?? '');
    const body: unknown = isJson && said !== '' ? JSON.parse(said) : undefined;
    const status = response.statusCode ?? 0;
    return { status, body, verdict: status < 300 ? 'granted' : codeOf(body, status) };
  }
}

const codeOf = (body: unknown, status: number): string => {
  const code: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'code') : undefined;
  return typeof code === 'string' ? code : String(status);
};

/** Whether nobody can say if the request was served: it is to be sent again. */
export const isOpen = ({ status }: Reply): boolean => status === 0 || status === 503;

async function loggedFor(body: unknown, process: ServerProcess): Promise<string> {
  const requestId: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'requestId') : undefined;
  await setTimeout(200);
  // The reason stands below the line that names the request.
  const lines = process.output.split('\n');
  const at = lines.findIndex((line) => line.includes(String(requestId)) && line.includes('internal_error'));
  return lines.slice(Math.max(0, at), at + LINES_OF_A_REASON).join('\n');
}
