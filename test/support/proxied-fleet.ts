import { makeCertificate } from './certificate.js';
import { Fleet } from './fleet.js';
import { HttpsApi } from './https-api.js';
import { startHaproxy, startNginx } from './reverse-proxy.js';
import type { ReverseProxy } from './reverse-proxy.js';
import type { ServerProcess } from './server-process.js';

export const PUBLIC_URL = 'https://auth.example.com';
/** Where tests come from: an address that no instance trusts, unlike the proxies' 127.0.0.1. */
export const CLIENT = '127.0.0.2';

/** How many there are. */
export const INSTANCES = 3;
export const PROXIES = ['nginx', 'HAProxy'] as const;
export type ProxyName = (typeof PROXIES)[number];

/** Three instances on one Postgres, behind nginx and behind HAProxy. */
export class ProxiedFleet {
  private constructor(
    readonly fleet: Fleet,
    private readonly proxies: Readonly<Record<ProxyName, ReverseProxy>>,
    readonly certFile: string,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<ProxiedFleet> {
    const certificate = makeCertificate();
    const fleet = await Fleet.start(2, { PUBLIC_URL, TRUST_PROXY: '1', ...env });
    let nginx: ReverseProxy | undefined;
    try {
      // Both ways to say whom to trust, side by side.
      await fleet.add({ TRUST_PROXY: '127.0.0.1/32' });
      const options = { members: fleet.members, certificate };
      nginx = await startNginx(options);
      return new ProxiedFleet(fleet, { nginx, HAProxy: await startHaproxy(options) }, certificate.certFile);
    } catch (error) {
      await nginx?.stop();
      await fleet.end();
      throw error;
    }
  }

  get members(): readonly ServerProcess[] {
    return this.fleet.members;
  }

  proxy(name: ProxyName): ReverseProxy {
    return this.proxies[name];
  }

  /** The service as a client at `from` reaches it. */
  through(name: ProxyName, from = CLIENT): HttpsApi {
    return new HttpsApi(this.proxies[name].url, { certFile: this.certFile, from });
  }

  async end(): Promise<void> {
    for (const proxy of Object.values(this.proxies)) await proxy.stop();
    await this.fleet.end();
  }
}
