import { expectDescribed } from './described.js';

/** An answer of the service, read whole. `body` is what the JSON says, or undefined where there is none. */
export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export interface Tokens {
  readonly tokenType: string;
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly refreshToken: string;
  readonly refreshExpiresIn: number;
  readonly sessionId: string;
  /** Of a sign-in only. */
  readonly deviceToken?: string;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

export interface SendOptions {
  readonly token?: string;
  readonly json?: unknown;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Talks to a running service over a real socket. Whatever it answers has to be as `openapi.json` describes it. */
export class Api {
  constructor(readonly url: string) {}

  async send<Body = Record<string, unknown>>(
    method: string,
    path: string,
    options: SendOptions = {},
  ): Promise<Answer<Body>> {
    const { token, json, body = json === undefined ? undefined : JSON.stringify(json), headers = {} } = options;
    const response = await fetch(new URL(path, this.url), {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    this.judge(method, path, { status: response.status, headers: response.headers, text });
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : undefined) as Body,
    };
  }

  protected judge(...answer: Parameters<typeof expectDescribed>): void {
    expectDescribed(...answer);
  }

  get<Body = Record<string, unknown>>(path: string, token?: string): Promise<Answer<Body>> {
    return this.send('GET', path, token === undefined ? {} : { token });
  }

  post<Body = Record<string, unknown>>(path: string, json: unknown = {}, token?: string): Promise<Answer<Body>> {
    return this.send('POST', path, { json, ...(token === undefined ? {} : { token }) });
  }

  delete<Body = Record<string, unknown>>(path: string, token?: string): Promise<Answer<Body>> {
    return this.send('DELETE', path, token === undefined ? {} : { token });
  }

  /** Signs in, and fails where that does not work. */
  async signIn(credentials: { readonly email: string; readonly password: string }): Promise<Tokens> {
    return granted(await this.post<Tokens>('/api/login', credentials));
  }

  refresh(refreshToken: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<Tokens & Problem>> {
    return this.send('POST', '/api/refresh', { json: { refreshToken }, headers });
  }

  /** Registers an account and signs it in. */
  async newUser(email: string, password = 'seven quiet otters juggling'): Promise<Tokens> {
    const answer = await this.post('/api/register', { email, password });
    if (answer.status !== 202) throw new Error(`registration answered ${answer.status}: ${answer.text}`);
    return this.signIn({ email, password });
  }
}

function granted(answer: Answer<Tokens>): Tokens {
  if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${answer.text}`);
  return answer.body;
}

/** Talks to another service: `openapi.json` says nothing of it. */
export class ForeignApi extends Api {
  protected override judge(): void {
    // Its tests say what it has to answer.
  }
}
