import { createTestDatabase } from './database.js';
import type { TestDatabase } from './database.js';
import { ServerProcess } from './server-process.js';
import type { ServerProcessOptions } from './server-process.js';
import { ADMIN, randomSecret, testEnvironment } from './test-app.js';

type Environment = Readonly<Record<string, string>>;

/** Instances of one deployment: processes that share a database and secrets, and end with the test. */
export class Fleet {
  readonly members: ServerProcess[] = [];
  private database: TestDatabase | undefined;

  private constructor(
    readonly env: Environment,
    private readonly options: ServerProcessOptions,
  ) {}

  /** @param env over that of the tests; on a database of its own where it names none */
  static async start(size: number, env: Environment = {}, options: ServerProcessOptions = {}): Promise<Fleet> {
    const database = env.DATABASE_URL === undefined ? await createTestDatabase() : undefined;
    const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
    const fleet = new Fleet(testEnvironment(database?.url ?? '', { ...secrets, ...env }), options);
    fleet.database = database;
    try {
      // The first makes the keys and the admin; that instances may also start at once has a test of its own.
      await fleet.add();
      await Promise.all(Array.from({ length: size - 1 }, () => fleet.add()));
      return fleet;
    } catch (error) {
      await fleet.end();
      throw error;
    }
  }

  async add(env: Environment = {}): Promise<ServerProcess> {
    const member = await ServerProcess.start({ ...this.env, ...env }, this.options);
    this.members.push(member);
    return member;
  }

  /** Starts a new process in the place of one that has gone. */
  async replace(gone: ServerProcess, env: Environment = {}): Promise<ServerProcess> {
    const member = await ServerProcess.start({ ...this.env, ...env }, this.options);
    this.members.splice(this.members.indexOf(gone), 1, member);
    return member;
  }

  /** An instance by its number, from 0. */
  at(index: number): ServerProcess {
    const member = this.members[index];
    if (!member) throw new Error(`there is no instance ${index}`);
    return member;
  }

  get databaseUrl(): string {
    return this.env.DATABASE_URL ?? '';
  }

  /** An admin's access token. */
  async admin(): Promise<string> {
    return (await this.at(0).api.signIn(ADMIN)).accessToken;
  }

  /** Stops all, however the test went, then fails where one did not stop by itself. */
  async end(): Promise<void> {
    const stopped = await Promise.allSettled(this.members.splice(0).map((member) => member.stop()));
    await this.database?.drop();
    const failed = stopped.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
