import { SetMetadata } from '@nestjs/common';

/** A cookie that a route reads and can do without. */
export interface CookieParameter {
  readonly name: string;
  readonly description: string;
  /** JSON Schema keywords for its value. */
  readonly form: Readonly<Record<string, unknown>>;
}

const COOKIE = 'cookie of a route';

/** Documents a cookie: `@nestjs/swagger` knows cookies as credentials alone. */
export const ApiCookie = Object.assign((cookie: CookieParameter) => SetMetadata(COOKIE, cookie), { KEY: COOKIE });
