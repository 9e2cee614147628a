import { Agent, request } from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { Api } from './api.js';
import type { Answer, SendOptions } from './api.js';

export interface HttpsApiOptions {
  /** The one certificate that is believed. */
  readonly certFile: string;
  /** The address to come from; the whole of 127.0.0.0/8 is this machine's. */
  readonly from?: string;
}

/** Talks to the service over TLS, from an address of choice. Connections are kept, as browsers keep theirs. */
export class HttpsApi extends Api {
  private readonly agent: Agent;

  constructor(
    url: string,
    private readonly options: HttpsApiOptions,
  ) {
    super(url);
    this.agent = new Agent({ keepAlive: true, ca: readFileSync(options.certFile) });
  }

  /** The same service, from another address. */
  from(address: string): HttpsApi {
    return new HttpsApi(this.url, { ...this.options, from: address });
  }

  /** Begins a request; for answers that do not end. */
  begin(method: string, path: string, headers: Readonly<Record<string, string>>): ClientRequest {
    const { from } = this.options;
    return request(new URL(path, this.url), {
      method,
      headers,
      agent: this.agent,
      ...(from !== undefined && { localAddress: from }),
    });
  }

  override async send<Body = Record<string, unknown>>(
    method: string,
    path: string,
    { token, json, body = json === undefined ? undefined : JSON.stringify(json), headers = {} }: SendOptions = {},
  ): Promise<Answer<Body>> {
    const sent = this.begin(method, path, {
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve).on('error', reject).end(body);
    });
    const text = await textOf(response);
    const isJson = /^application\/(problem\+)?json/.test(response.headers['content-type'] ?? '');
    return {
      status: response.statusCode ?? 0,
      headers: headersOf(response),
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : undefined) as Body,
    };
  }

  close(): void {
    this.agent.destroy();
  }
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  }
  return headers;
}
