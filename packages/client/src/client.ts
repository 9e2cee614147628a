import createApi from 'openapi-fetch';
import type { Client as Api } from 'openapi-fetch';
import { refreshAhead } from './ahead.js';
import { authorizedFetch } from './authorized-fetch.js';
import type { Grants } from './authorized-fetch.js';
import { unwrap } from './errors.js';
import { keeper, localStorageIfAllowed } from './kept.js';
import type { ClientStorage } from './kept.js';
import type { paths } from './openapi.js';
import { refresher } from './refresh.js';
import { poster } from './service.js';
import { sessionMemory } from './session.js';
import type { Session } from './session.js';
import { signIns } from './sign-in.js';
import type { Registration, SignIn } from './sign-in.js';
import { signOuts } from './sign-out.js';
import { openTabs } from './tabs.js';
import { unlessAborted } from './waiting.js';
import type { Abortable } from './waiting.js';

export interface ClientOptions {
  /** Where Gatehouse is: `https://auth.example.com`. It has an origin of its own or shares the page's. */
  readonly url: string;
  /**
   * Where the refresh token is: `cookie` for pages of the same site as Gatehouse, where no script can read it; `body` for
   * everyone else, who has it in memory, or in `storage`.
   */
  readonly mode: 'cookie' | 'body';
  /** In `body` mode: where tokens are kept beyond a reload, and shared with other tabs. In `cookie` mode no token is. */
  readonly storage?: ClientStorage;
  /** Origins of your own APIs, besides Gatehouse's: `client.fetch` shows the access token to nobody else. */
  readonly origins?: readonly string[];
  /** How long a sign-in, refresh or sign-out may go unanswered. 10 where it is left out. */
  readonly timeoutSeconds?: number;
  readonly fetch?: typeof fetch;
}

export interface Client extends SignIn {
  readonly session: Session;
  /** Every route of Gatehouse, typed, with the access token: see openapi-fetch, and `unwrap`. */
  readonly api: Api<paths>;
  /** For your own APIs: `fetch` with the access token, to Gatehouse and the origins that were named, and to no other. */
  readonly fetch: typeof fetch;
  /** Resolves alike whether or not the address has an account. @throws GatehouseError such as `password_weak` */
  register(registration: Registration, options?: Abortable): Promise<void>;
  /**
   * Signs out, in all tabs at once.
   * @throws GatehouseError where the service could not be told: it is on the next start, and nobody is signed in here
   */
  signOut(options?: Abortable): Promise<void>;
  /** Ends every session of the user. @throws GatehouseError where it could not be done: nothing has changed then */
  signOutEverywhere(options?: Abortable): Promise<void>;
  /** Gets a new access token now; otherwise this happens by itself. @throws GatehouseError */
  refresh(options?: Abortable): Promise<void>;
  /** For what `fetch` cannot do, such as a WebSocket. @returns undefined where nobody is signed in */
  accessToken(options?: Abortable): Promise<string | undefined>;
  /** Ends timers and channels; the session lives on. */
  close(): void;
}

/** A client of Gatehouse, which at once finds out whether somebody is signed in. */
export function createClient(options: ClientOptions): Client {
  const { mode, origins = [], timeoutSeconds = 10, fetch = globalThis.fetch } = options;
  const inCookie = mode === 'cookie';
  // Inside of a browser: elsewhere two clients are two users.
  const page = (globalThis as Partial<typeof globalThis>).location;
  const { origin } = new URL(options.url, page?.href);
  const name = `gatehouse:${origin}`;
  const storage = options.storage ?? (inCookie && page ? localStorageIfAllowed() : undefined);
  const memory = sessionMemory(() => {
    ahead.schedule();
  });
  const isShared = page && (inCookie || storage);
  const tabs = openTabs(isShared && name, ({ grant, ended, reason }) => {
    if (ended) {
      if (ended === memory.sessionId()) memory.end(reason);
    } else if (grant) memory.hold(grant);
    else void readKept();
  });
  const post = poster({ origin, inCookie, fetch, timeoutSeconds });
  const parts = { inCookie, post, memory, tabs, keep: keeper(name, storage) };
  const refresh = refresher(parts);
  const { newerThan, readKept } = refresh;
  const signOut = signOuts(parts, refresh);
  const refreshNow = (): Promise<void> => newerThan(memory.grant()?.accessToken);
  const ahead = refreshAhead(memory, refreshNow);

  // The state says what came of it; where that is nothing yet, it is tried again.
  const ready = newerThan(undefined).catch(ahead.retry).then(memory.state);
  void ready.then(() => signOut.finish()).catch(() => undefined);

  const grants: Grants = {
    current: async () => {
      await ready;
      if (!memory.usable() && memory.state().status !== 'signedOut') await refreshNow();
      return memory.grant();
    },
    after: async ({ accessToken }, isOver) => {
      if (memory.grant()?.accessToken === accessToken) {
        if (isOver) refresh.end('token_revoked');
        else await refreshNow();
      }
      return memory.grant();
    },
  };
  const authorized = authorizedFetch(fetch, [origin, ...origins], grants);
  const api = createApi<paths>({ baseUrl: origin, credentials: 'omit', fetch: authorized });
  const everywhere = async (): Promise<void> => {
    await unwrap(api.POST('/api/logout/all'));
    await signOut.here();
  };

  return {
    api,
    fetch: authorized,
    session: {
      get state() {
        return memory.state();
      },
      ready,
      subscribe: memory.subscribe,
    },
    ...signIns(parts, refresh),
    register: (registration, call) => post('/api/register', registration, {}, call),
    signOut: (call) => unlessAborted(signOut.here(), call),
    signOutEverywhere: (call) => unlessAborted(everywhere(), call),
    refresh: (call) => unlessAborted(refreshNow(), call),
    accessToken: async (call) => (await unlessAborted(grants.current(), call))?.accessToken,
    close: () => {
      ahead.stop();
      tabs.close();
    },
  };
}
