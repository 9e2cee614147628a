import { setTimeout } from 'node:timers/promises';
import { Chance } from '../../support/chance.js';
import { onServer } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { Account } from './account.js';
import { Admin } from './admin.js';
import { Device } from './device.js';
import type { Instances } from './instances.js';
import { Ledger } from './ledger.js';
import type { Finding } from './ledger.js';
import { Owner } from './owner.js';
import { Registrar } from './registrar.js';
import type { Registration } from './registrar.js';
import { Starvation } from './starvation.js';
import type { Storm } from './storm.js';
import { readStored } from './stored.js';
import { Thief } from './thief.js';
import { WITHIN_MS, wrongRefusals } from './verdict.js';
import { Wire } from './wire.js';
import { Witness } from './witness.js';

const ACCOUNTS = 9;
const DEVICES = 2;
const PASSWORD = 'seven quiet otters juggling';

/** Everyone who has a part in a storm. */
export class Cast {
  private constructor(
    readonly storm: Storm,
    readonly admin: Admin,
    private readonly devices: readonly Device[],
    private readonly registrar: Registrar,
    private readonly thief: Thief,
    private readonly witness: Witness,
    private readonly starvation: Starvation,
    private readonly databaseUrl: string,
  ) {}

  /** @param seed each actor draws from a chance of its own, made from it */
  static async gather(instances: Instances, databaseUrl: string, seed: number): Promise<Cast> {
    const accounts: Account[] = [];
    for (let number = 1; number <= ACCOUNTS; number += 1) {
      accounts.push(await registered(instances, databaseUrl, number));
    }
    const storm: Storm = { instances, ledger: new Ledger(), accounts, over: false };
    let drawn = seed + 100;
    const part = () => ({ storm, chance: new Chance(drawn++) });
    const devices = accounts.flatMap((account) =>
      Array.from({ length: DEVICES }, (_, at) => new Device(account, at + 1, storm, part().chance)),
    );
    const admin = new Admin(part());
    await admin.signIn();
    const [registrar, thief] = [new Registrar(part()), new Thief(part(), devices)];
    const starvation = new Starvation(storm.instances, storm.ledger);
    return new Cast(storm, admin, devices, registrar, thief, new Witness(part()), starvation, databaseUrl);
  }

  get registered(): readonly Registration[] {
    return this.registrar.acknowledged;
  }

  /** Plays until the storm is over, and each has finished what it had begun. */
  async play(): Promise<void> {
    const owners = this.devices.map((device, at) => new Owner(device, this.storm, at % DEVICES === 0));
    const playing = [
      ...owners.map((owner) => owner.live()),
      this.admin.rule(),
      this.thief.steal(),
      this.registrar.register(),
      this.witness.haunt(),
      this.starvation.watch(() => this.storm.over),
    ];
    const stop = (): void => {
      this.storm.over = true;
    };
    await Promise.all(playing.map((actor) => actor.finally(stop)));
  }

  leave(): void {
    for (const { wire } of this.devices) wire.close();
    this.admin.close();
    this.thief.close();
    this.witness.close();
  }

  get tallies(): { readonly granted: number; readonly refreshed: number; readonly acknowledged: number } {
    const { calls, endings } = this.storm.ledger;
    const granted = calls.filter(({ what, verdict }) => what === 'guarded' && verdict === 'granted').length;
    const refreshed = calls.filter(({ what, verdict }) => what === 'refresh' && verdict === 'granted').length;
    return { granted, refreshed, acknowledged: endings.filter(({ outcome }) => outcome === 'acknowledged').length };
  }

  get summary(): string {
    const { sessions, endings, calls, notes } = this.storm.ledger;
    const verdicts = new Map<string, number>();
    for (const { what, verdict } of calls) {
      verdicts.set(`${what} ${verdict}`, (verdicts.get(`${what} ${verdict}`) ?? 0) + 1);
    }
    const told = [...verdicts]
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([verdict, count]) => `${count} ${verdict}`);
    return (
      `${sessions.size} sign-ins, ${this.tallies.acknowledged} of ${endings.length} endings acknowledged, ` +
      `${this.registered.length} registrations, ${notes.length} notes of faults, ${Math.round(this.starvation.share * 100)} % of the time without a processor; calls: ${told.join(', ')}`
    );
  }

  /** All is quiet: whoever is signed in goes on at every instance, and whoever is not signs in. */
  async takeStock(): Promise<Finding[]> {
    const { instances, ledger, accounts } = this.storm;
    for (const device of this.devices) {
      await device.refreshAtLast();
      for (const instance of instances.all) await device.call(instance);
    }
    const shut: Finding[] = [];
    for (const account of accounts) {
      const verdict = await this.signInOf(account.email, account.password, `127.50.0.${account.number}`);
      const mayBeDisabled = verdict === 'account_disabled' && account.disabled.allowed.includes(true);
      if (verdict !== 'granted' && !mayBeDisabled)
        shut.push({ userId: account.id, text: `${account.email} cannot sign in: ${verdict}` });
    }
    const [newcomer] = this.registered.slice(-1);
    if (newcomer) {
      const verdict = await this.signInOf(newcomer.email, newcomer.password, '127.50.1.1');
      if (verdict !== 'granted') shut.push({ text: `${newcomer.email}, who registered, cannot sign in: ${verdict}` });
    }
    return [...wrongRefusals(ledger), ...ledger.objections, ...shut];
  }

  /** Ends everyone's sessions: each token is refused everywhere after a second, and each row says so in time. */
  async endEveryone(): Promise<Finding[]> {
    const { instances, ledger } = this.storm;
    const answer = await this.admin.endEveryone();
    if (answer.status !== 200) return [{ text: `ending everyone was answered with ${answer.verdict}` }];
    await setTimeout(Math.max(0, answer.answeredMs + WITHIN_MS + 5 - performance.now()));
    const wire = new Wire('127.50.2.1', 'storm stock');
    const found: Finding[] = [];
    for (const { holding, who } of this.devices) {
      if (!holding) continue;
      for (const instance of instances.all) {
        const { accessToken: token, session } = holding;
        const { verdict } = await wire.send(instance, { method: 'GET', path: '/api/protected', token });
        if (verdict === 'token_revoked') continue;
        found.push({ sessionId: session.id, text: `${who} is answered with ${verdict} after everyone was signed out` });
      }
    }
    wire.close();
    await eventually(async () => {
      const { sessions } = await readStored(this.databaseUrl);
      const live = sessions.filter(({ id, isRevoked }) => !isRevoked && ledger.sessions.has(id));
      if (live.length > 0) throw new Error(`the rows of ${live.length} sessions do not say that they have ended`);
    }, 15_000);
    return found;
  }

  private async signInOf(email: string, password: string, address: string): Promise<string> {
    const wire = new Wire(address, 'storm stock');
    const json = { email, password };
    const [instance] = this.storm.instances.all;
    if (!instance) throw new Error('there is no instance');
    const { verdict } = await wire.send(instance, { method: 'POST', path: '/api/login', json });
    wire.close();
    return verdict;
  }
}

async function registered({ all }: Instances, databaseUrl: string, number: number): Promise<Account> {
  const [first] = all;
  if (!first) throw new Error('there is no instance');
  const email = `user-${number}@example.com`;
  const wire = new Wire(`127.20.${number}.1`, 'storm');
  const json = { email, password: PASSWORD };
  const { verdict } = await wire.send(first, { method: 'POST', path: '/api/register', json });
  wire.close();
  const [row] = await onServer((query) => query('SELECT id FROM users WHERE email = $1', [email]), databaseUrl);
  if (!row?.id) throw new Error(`${email} was not registered: ${verdict}`);
  return new Account(number, row.id, email, PASSWORD);
}
