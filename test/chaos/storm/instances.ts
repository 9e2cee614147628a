import type { Chance } from '../../support/chance.js';
import type { Fleet } from '../../support/fleet.js';
import type { ServerProcess } from '../../support/server-process.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';

/** One process of the service, under the name that it has in the story of a run. */
export interface Instance {
  readonly name: string;
  readonly origin: string;
  readonly process: ServerProcess;
  /** Its own way to Postgres. */
  readonly way: TcpProxy;
}

/** The instances of the storm by their places: another takes the place of one that was killed, under a name of its own. */
export class Instances {
  private readonly places: Instance[] = [];
  private started = 0;

  private constructor(private readonly fleet: Fleet) {}

  /** @param ways to Postgres, one an instance: the first member of the fleet has the first */
  static async start(fleet: Fleet, ways: readonly TcpProxy[]): Promise<Instances> {
    const instances = new Instances(fleet);
    for (const [index, way] of ways.entries()) {
      const process = fleet.members[index] ?? (await fleet.add({ DATABASE_URL: way.url }));
      instances.places.push(instances.named(process, way));
    }
    return instances;
  }

  get all(): readonly Instance[] {
    return this.places;
  }

  /** One that is gone, too: a balancer notices late, and clients meet it. */
  pick(chance: Chance): Instance {
    return chance.pick(this.places);
  }

  /** @returns the one that is there instead, once it is ready */
  async replace(gone: Instance): Promise<Instance> {
    const { way } = gone;
    const process = await this.fleet.replace(gone.process, { DATABASE_URL: way.url });
    const started = this.named(process, way);
    this.places.splice(this.places.indexOf(gone), 1, started);
    return started;
  }

  private named(process: ServerProcess, way: TcpProxy): Instance {
    return { name: `i${++this.started}`, origin: process.api.url, process, way };
  }
}
