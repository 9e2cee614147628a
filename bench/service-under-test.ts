import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadAppConfig } from '../src/config/load-app-config.js';
import { createApp } from '../src/configure-app.js';
import type { Call } from './calls.js';

const ADMIN = 'admin@example.com';
const random = (): string => randomBytes(32).toString('base64url');

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The whole service on a database, called without a socket: what it does then belongs to the call that caused it. */
export class ServiceUnderTest {
  private readonly tokens = new Map<Call['as'], string>();

  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly password: string,
  ) {}

  static async start(databaseUrl: string): Promise<ServiceUnderTest> {
    const password = random();
    const config = loadAppConfig({
      NODE_ENV: 'test',
      DATABASE_URL: databaseUrl,
      JWT_SECRET: random(),
      JWT_EXPIRE: '60m',
      REFRESH_SECRET: random(),
      ADMIN_EMAIL: ADMIN,
      ADMIN_PASSWORD: password,
      MAIL: 'off',
      DOCS: 'off',
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'error',
    });
    const app = await createApp({ config });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return new ServiceUnderTest(app, password);
  }

  /** Signs the admin in, and the owner of an account that has been given the admin's password. */
  async signIn(owner: string): Promise<void> {
    for (const [as, email] of [
      ['admin', ADMIN],
      ['owner', owner],
    ] as const) {
      const { status, text } = await this.send('POST', '/api/login', { email, password: this.password });
      if (status !== 200) throw new Error(`the sign-in of the ${as} answered ${status}: ${text}`);
      this.tokens.set(as, (JSON.parse(text) as { accessToken: string }).accessToken);
    }
  }

  call({ method, url, json, as }: Call): Promise<Answer> {
    return this.send(method, url, json, this.tokens.get(as));
  }

  get<Service>(type: abstract new (...dependencies: never[]) => Service): Service {
    return this.app.get<Service>(type);
  }

  close(): Promise<void> {
    return this.app.close();
  }

  private async send(method: Call['method'], url: string, json?: object, token?: string): Promise<Answer> {
    const { statusCode, payload } = await this.app.inject({
      method,
      url,
      ...(json === undefined ? {} : { payload: json }),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    return { status: statusCode, text: payload };
  }
}

/** The statement after which an account has the admin's password. */
export const SHARE_PASSWORD = `
  UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = '${ADMIN}') WHERE email = $1`;
