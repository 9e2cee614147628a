import { setTimeout } from 'node:timers/promises';
import { ADMIN } from '../../support/test-app.js';
import type { Account } from './account.js';
import type { Cell } from './cell.js';
import type { Wanted } from './ledger.js';
import type { Part } from './storm.js';
import { Wire, isOpen } from './wire.js';
import type { Fate, Message, Reply } from './wire.js';

const DEEDS = [
  ...['one', 'one', 'one', 'one', 'user', 'bulk by user', 'bulk by address'],
  ...['role', 'role', 'rename', 'disable'],
] as const;

/** An admin who ends sessions in every way there is, and changes accounts; one call after another, each until it is answered. */
export class Admin {
  private readonly wire = new Wire('127.20.0.1', 'storm admin');
  private token = '';
  private calls = 0;

  constructor(private readonly part: Part) {}

  async signIn(): Promise<void> {
    const reply = await this.until({ method: 'POST', path: '/api/login', json: ADMIN }, 'answered');
    if (reply.status !== 200) throw new Error(`the admin's sign-in was answered with ${reply.verdict}`);
    this.token = String(Reflect.get(reply.body as object, 'accessToken'));
  }

  async rule(): Promise<void> {
    const { storm, chance } = this.part;
    while (!storm.over) {
      const account = chance.pick(storm.accounts);
      await this.act(account, chance.pick(DEEDS));
      await setTimeout(chance.between(200, 900));
    }
  }

  /** Ends everyone's sessions but the admin's own. */
  async endEveryone(): Promise<Reply> {
    const json = { all: true, reason: 'the end' };
    return this.until({ method: 'POST', path: '/api/admin/sessions/revoke', json, token: this.token }, 'answered');
  }

  /** @returns what the API says of the chain of events */
  async verifyEvents(): Promise<unknown> {
    return (await this.until({ method: 'GET', path: '/api/admin/events/verify', token: this.token }, 'answered')).body;
  }

  close(): void {
    this.wire.close();
  }

  private async act(account: Account, deed: (typeof DEEDS)[number]): Promise<void> {
    const { id: userId, number } = account;
    const reason = `storm ${++this.calls}`;
    const row = `admin: ${reason}`;
    const ofUser = { scope: { userId }, effect: 'ended', reason: row } as const;
    const query = `?reason=${encodeURIComponent(reason)}`;
    const bulk = (filter: object): Message => ({
      method: 'POST',
      path: '/api/admin/sessions/revoke',
      json: { ...filter, reason },
    });
    switch (deed) {
      case 'one':
        return this.endOne(userId, query, row);
      case 'user':
        return this.end([{ ...ofUser, what: `admin ends all of user ${number} (${reason})` }], {
          method: 'DELETE',
          path: `/api/admin/users/${userId}/sessions${query}`,
        });
      case 'bulk by user':
        return this.end([{ ...ofUser, what: `admin ends those of user ${number} (${reason})` }], bulk({ userId }));
      case 'bulk by address':
        return this.end(
          [{ ...ofUser, what: `admin ends those from the addresses of user ${number} (${reason})` }],
          bulk({ ip: `127.20.${number}.0/24` }),
        );
      case 'role':
        return this.change(account, account.role, `r${this.calls}`, [
          { ...ofUser, effect: 'stale', what: 'other roles' },
        ]);
      case 'rename':
        return number % 2 === 1 ? this.change(account, account.name, `name ${number}.${this.calls}`, []) : undefined;
      case 'disable':
        return this.disable(account);
    }
  }

  private async endOne(userId: string, query: string, reason: string): Promise<void> {
    const { storm, chance } = this.part;
    const known = storm.ledger.sessionsOf(userId).slice(-4);
    if (known.length === 0) return;
    const { id: sessionId } = chance.pick(known);
    await this.end([{ what: `admin ends one (${reason})`, scope: { sessionId }, effect: 'ended', reason }], {
      method: 'DELETE',
      path: `/api/admin/sessions/${sessionId}${query}`,
    });
  }

  private async disable(account: Account): Promise<void> {
    const { id: userId, number } = account;
    const by = { what: `admin disables user ${number}`, scope: { userId }, reason: 'account_disabled' } as const;
    await this.change(account, account.disabled, true, [
      { ...by, effect: 'ended' },
      { ...by, effect: 'stale' },
    ]);
    await setTimeout(this.part.chance.between(300, 1_500));
    await this.change(account, account.disabled, false, []);
    account.disabling += 1;
  }

  private async change<Value>(account: Account, cell: Cell<Value>, value: Value, endings: Wanted[]): Promise<void> {
    const json =
      cell === (account.role as unknown)
        ? { roles: [value] }
        : cell === (account.name as unknown)
          ? { name: value }
          : { disabled: value };
    await this.end(endings, { method: 'PATCH', path: `/api/admin/users/${account.id}`, json }, () => cell.write(value));
  }

  /** Asks until it is answered; each time is an ending of its own. */
  private async end(endings: Wanted[], message: Message, write = (): (() => void) => () => undefined): Promise<void> {
    const { ledger, instances } = this.part.storm;
    const { chance } = this.part;
    const sinceMs = performance.now();
    for (let fate = this.fate(); ; fate = 'answered') {
      const instance = instances.pick(chance);
      const acknowledge = write();
      const begun = endings.map((ending) => ledger.begin({ ...ending, instance: instance.name }, sinceMs));
      const reply = await this.wire.send(instance, { ...message, token: this.token }, fate);
      for (const ending of begun) ledger.settle(ending, reply);
      if (reply.status >= 200 && reply.status < 300) {
        acknowledge();
        return;
      }
      if (!isOpen(reply)) {
        ledger.object(
          `the admin's ${message.method} ${message.path} was answered with ${reply.verdict} by ${instance.name}`,
        );
        return;
      }
      await setTimeout(150);
    }
  }

  private async until(message: Message, first: Fate): Promise<Reply> {
    for (let fate = first; ; fate = 'answered') {
      const reply = await this.wire.send(this.part.storm.instances.pick(this.part.chance), message, fate);
      if (!isOpen(reply)) return reply;
      await setTimeout(150);
    }
  }

  private fate(): Fate {
    const drawn = this.part.chance.next();
    if (drawn < 0.1) return 'answer lost';
    return drawn < 0.15 ? 'given up' : 'answered';
  }
}
