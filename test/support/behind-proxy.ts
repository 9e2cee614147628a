import type { Answer, Problem, Tokens } from './api.js';
import { eventually } from './eventually.js';
import type { HttpsApi } from './https-api.js';
import { verdictOn } from './propagation.js';
import { ProxiedFleet } from './proxied-fleet.js';
import type { ProxyName } from './proxied-fleet.js';
import { ADMIN } from './test-app.js';

export const PASSWORD = 'seven quiet otters juggling';
/** The contract's bound for another instance, while Postgres answers. */
const WITHIN_MS = 1_000;

/** What an answer came to: `done`, or the code of its problem. */
export const outcomeOf = ({ status, body }: Answer<Partial<Problem> | undefined>): string =>
  status < 300 ? 'done' : (body?.code ?? String(status));

/** Starts instances and proxies for all tests of the file that calls it, and ends them behind the last. */
export function proxiedFleet(start = (): Promise<ProxiedFleet> => ProxiedFleet.start()): () => ProxiedFleet {
  let proxied: ProxiedFleet | undefined;
  beforeAll(async () => {
    proxied = await start();
  });
  afterAll(() => proxied?.end());
  return () => {
    if (!proxied) throw new Error('no instance has been started yet');
    return proxied;
  };
}

/** Opens the way through one proxy for the tests of the block that calls it. */
export function behindProxy(name: ProxyName, fleet: () => ProxiedFleet): BehindProxy {
  const behind = new BehindProxy(name, fleet);
  beforeAll(() => behind.open());
  afterAll(() => {
    behind.api.close();
  });
  return behind;
}

/** The service behind one proxy, which hands each request to the next instance. */
class BehindProxy {
  /** An admin's access token. */
  admin = '';
  private opened: HttpsApi | undefined;
  private users = 0;

  constructor(
    private readonly name: ProxyName,
    private readonly fleet: () => ProxiedFleet,
  ) {}

  async open(): Promise<void> {
    this.opened = this.fleet().through(this.name);
    await this.signInAdmin();
  }

  get api(): HttpsApi {
    if (!this.opened) throw new Error('the way through the proxy has not been opened yet');
    return this.opened;
  }

  /** Anew, where the token has ended. */
  async signInAdmin(): Promise<void> {
    this.admin = (await this.api.signIn(ADMIN)).accessToken;
  }

  async freshUser(): Promise<{ readonly email: string; readonly tokens: Tokens }> {
    const email = `user${(this.users += 1)}@${this.name.toLowerCase()}.example.com`;
    return { email, tokens: await this.api.newUser(email, PASSWORD) };
  }

  login<Body = Tokens & Problem & { mfaToken: string }>(json: object): Promise<Answer<Body>> {
    return this.api.post<Body>('/api/login', json);
  }

  /** What each instance says to a token. */
  verdicts(token: string): Promise<string[]> {
    return Promise.all(this.fleet().members.map((member) => verdictOn(member, token)));
  }

  /** Waits until all say the same, no longer than the contract allows. */
  async eventuallyAll(token: string, verdict: string): Promise<void> {
    await eventually(async () => {
      expect(await this.verdicts(token)).toEqual(this.fleet().members.map(() => verdict));
    }, WITHIN_MS);
  }
}
