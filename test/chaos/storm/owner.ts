import { setTimeout } from 'node:timers/promises';
import { shown } from './device.js';
import type { Device, Holding } from './device.js';
import { changePassword } from './password-change.js';
import type { Ending, Wanted } from './ledger.js';
import type { Storm } from './storm.js';
import type { Fate, Message, Reply } from './wire.js';

/** Beyond the grace: only the key tells a late repeat from a theft. */
const LATE_MS = 32_000;

/** What the owner of a device does with it, and how often. */
const HABITS = {
  call: 700,
  refresh: 180,
  refreshTwice: 50,
  rename: 30,
  signOut: 12,
  endAnother: 12,
  endOthers: 6,
  noticeLate: 4,
  changePassword: 6,
} as const;

const TICKETS = Object.entries(HABITS).flatMap(([habit, times]) =>
  Array<keyof typeof HABITS>(times).fill(habit as keyof typeof HABITS),
);

/** The owner of one device of an account. The first one is where the owner changes the account itself. */
export class Owner {
  private renamed = 0;

  constructor(
    readonly device: Device,
    private readonly storm: Storm,
    private readonly isFirst: boolean,
  ) {}

  async live(): Promise<void> {
    while (!this.storm.over) {
      const { holding, chance } = this.device;
      if (holding) await this.act(holding);
      else await this.device.signIn();
      await setTimeout(chance.between(80, 450));
    }
  }

  private async act(holding: Holding): Promise<unknown> {
    const { device } = this;
    switch (device.chance.pick(TICKETS)) {
      case 'call':
        return this.call();
      case 'refresh':
        return device.refresh(this.fate());
      case 'refreshTwice':
        return device.refreshTwice();
      case 'noticeLate':
        return device.refresh('answer lost', LATE_MS);
      case 'signOut':
        return this.signOut(holding);
      case 'endAnother':
        return this.endAnother(holding);
      case 'endOthers':
        return this.endOthers(holding);
      case 'rename':
        return this.isFirst && this.device.account.number % 2 === 0 ? this.rename(holding) : this.call();
      case 'changePassword':
        return this.isFirst && this.device.account.number % 3 === 0
          ? changePassword(device, this.storm, holding)
          : this.call();
    }
  }

  private async call(): Promise<void> {
    const reply = await this.device.call();
    if (reply) await this.mend(reply);
  }

  /** What is stale is refreshed; who is signed out signs in again. */
  private async mend({ verdict }: Reply): Promise<void> {
    if (verdict === 'token_stale') await this.device.refresh();
    if (verdict === 'token_revoked') this.device.forget();
  }

  private async signOut(holding: Holding): Promise<void> {
    const { session, accessToken: token, refreshToken } = holding;
    const byAccessToken = this.device.chance.next() < 0.5;
    const what = byAccessToken ? 'sign out' : 'sign out by the refresh token';
    const shown = byAccessToken ? { json: {}, token } : { json: { refreshToken } };
    const ending = { what, scope: { sessionId: session.id }, effect: 'ended', reason: 'logout' } as const;
    await this.end(ending, { method: 'POST', path: '/api/logout', ...shown });
    this.device.forget();
  }

  private async endAnother({ session, accessToken: token }: Holding): Promise<void> {
    const others = this.storm.ledger.sessionsOf(session.userId).filter(({ id }) => id !== session.id);
    const [other] = others.slice(-2);
    if (!other) return;
    const ending = { what: 'end another', scope: { sessionId: other.id }, effect: 'ended', reason: 'ended_by_user' };
    await this.end({ ...ending, effect: 'ended' }, { method: 'DELETE', path: `/api/me/sessions/${other.id}`, token });
  }

  private async endOthers({ session, accessToken: token }: Holding): Promise<void> {
    const { id: except, userId } = session;
    const ending = {
      what: 'end all others',
      scope: { userId, except },
      effect: 'ended',
      reason: 'ended_by_user',
    } as const;
    await this.end(ending, { method: 'DELETE', path: '/api/me/sessions', token });
  }

  /** Asks until it is answered, unless the token is refused meanwhile. */
  private async end(ending: Wanted, message: Message): Promise<void> {
    for (let fate = this.fate(); ; fate = 'answered') {
      const instance = this.device.pick;
      const begun = this.storm.ledger.begin({ ...ending, instance: instance.name });
      const reply = await this.device.wire.send(instance, message, fate);
      this.storm.ledger.settle(begun, reply);
      if (begun.outcome === 'unknown') {
        await setTimeout(150);
        continue;
      }
      if (begun.outcome === 'refused') this.refused(reply, begun);
      return;
    }
  }

  /** To end others takes a good access token, as any guarded call does; to sign out takes one of a session that was. */
  private refused(reply: Reply, ending: Ending): void {
    const { holding } = this.device;
    const { verdict } = reply;
    if (ending.reason !== 'logout' && holding && (verdict === 'token_revoked' || verdict === 'token_stale')) {
      this.storm.ledger.call({ what: 'guarded', ...shown(holding), instance: ending.instance }, reply);
      if (verdict === 'token_revoked') this.device.forget();
      return;
    }
    const about = 'sessionId' in ending.scope ? { sessionId: ending.scope.sessionId } : { userId: ending.scope.userId };
    this.storm.ledger.object(`"${ending.what}" of ${this.device.who} was refused with ${verdict}`, about);
  }

  private async rename(holding: Holding): Promise<void> {
    const { accessToken: token } = holding;
    const { account, wire } = this.device;
    const name = `name ${account.number}.${++this.renamed}`;
    for (let fate = this.fate(); !this.storm.over; fate = 'answered') {
      const acknowledge = account.name.write(name);
      const instance = this.device.pick;
      const reply = await wire.send(instance, { method: 'PATCH', path: '/api/me', token, json: { name } }, fate);
      this.storm.ledger.call({ what: 'guarded', ...shown(holding), instance: instance.name }, reply);
      if (reply.status === 200) acknowledge();
      if (reply.status === 200 || reply.status === 401) return this.mend(reply);
      await setTimeout(150);
    }
  }

  private fate(): Fate {
    const drawn = this.device.chance.next();
    if (drawn < 0.15) return 'answer lost';
    return drawn < 0.25 ? 'given up' : 'answered';
  }
}
