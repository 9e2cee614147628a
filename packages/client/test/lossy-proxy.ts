import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What becomes of an answer that the service has given: the service has acted in any case. */
export type Fate =
  | 'passes'
  /** The connection ends in its place. */
  | 'lost'
  /** Its head arrives, cookies and all, and the connection ends in the middle of its body. */
  | 'cut'
  /** It arrives when this resolves, if anybody still waits. */
  | Promise<void>
  /** The request never reaches the service: this is the answer. */
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly atMs: number;
}

/** An unreliable way to a service. */
export interface LossyProxy {
  readonly url: string;
  /** What the service was asked, in order. */
  readonly exchanges: Exchange[];
  /** Those to one path. */
  to(path: string): Exchange[];
  /** Decides from now on; all answers pass where it is left out. */
  decide(fate?: (exchange: Exchange) => Fate): void;
  close(): Promise<void>;
}

/** Starts a proxy to `target` on a free port of the loopback. */
export async function startLossyProxy(target: string): Promise<LossyProxy> {
  const exchanges: Exchange[] = [];
  let fateOf: (exchange: Exchange) => Fate = () => 'passes';

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/', headers } = incoming;
    const body = await buffer(incoming);
    const exchange = { method, path: url, headers, body: body.toString(), atMs: performance.now() };
    const isPreflight = method === 'OPTIONS';
    if (!isPreflight) exchanges.push(exchange);
    const fate = isPreflight ? 'passes' : fateOf(exchange);
    if (typeof fate === 'object' && 'status' in fate) {
      const cors = { 'access-control-allow-origin': headers.origin ?? '*', 'access-control-allow-credentials': 'true' };
      outgoing.writeHead(fate.status, { ...cors, ...fate.headers }).end(fate.body);
      return;
    }
    const asked = send(new URL(url, target), { method, headers, agent: false }).end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const content = await buffer(answer);
    if (fate === 'lost') {
      outgoing.destroy();
      return;
    }
    if (typeof fate === 'object') await fate;
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    if (fate !== 'cut') {
      outgoing.end(content);
      return;
    }
    outgoing.write(content.subarray(0, content.length / 2), () => outgoing.destroy());
  };

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    to: (path) => exchanges.filter((exchange) => exchange.path === path),
    decide: (fate = () => 'passes') => {
      fateOf = fate;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
