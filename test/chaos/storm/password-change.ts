import { setTimeout } from 'node:timers/promises';
import { shown } from './device.js';
import type { Device, Holding } from './device.js';
import type { Storm } from './storm.js';

/** A request that was not answered may be served for so long after. */
const UNDER_WAY_MS = 20_000;

const newPassword = (device: Device): string => `quiet otters juggle ${device.chance.between(1e9, 9e9).toString(36)}`;

/**
 * Changes the password. Where the answer does not come, a good client waits until the request can no longer be under way, and
 * tries which password is good; the account's other devices wait for it, as people do.
 */
export function changePassword(device: Device, storm: Storm, holding: Holding): Promise<void> {
  return device.account.whileUncertain(async () => {
    const { account, wire } = device;
    const { session, accessToken: token } = holding;
    const changed = newPassword(device);
    const instance = device.pick;
    const by = { what: 'change the password', reason: 'password_changed', instance: instance.name } as const;
    const { userId, id: except } = session;
    account.passwordChanges.sent += 1;
    const endings = [
      storm.ledger.begin({ ...by, effect: 'ended', scope: { userId, except } }),
      storm.ledger.begin({ ...by, effect: 'stale', scope: { userId } }),
    ];
    const json = { currentPassword: account.password, newPassword: changed };
    const message = { method: 'POST', path: '/api/me/password', token, json } as const;
    const reply = await wire.send(instance, message, device.chance.next() < 0.2 ? 'answer lost' : 'answered');
    for (const ending of endings) storm.ledger.settle(ending, reply);
    if (reply.status === 204) {
      account.password = changed;
      account.passwordChanges.acknowledged += 1;
      await device.refresh();
    } else if (reply.status === 401) {
      storm.ledger.call({ what: 'guarded', ...shown(holding), instance: instance.name }, reply);
      if (reply.verdict === 'token_revoked') device.forget();
    } else await findOut(device, changed);
  });
}

async function findOut(device: Device, changed: string): Promise<void> {
  await setTimeout(UNDER_WAY_MS);
  for (;;) {
    const json = { email: device.account.email, password: changed };
    const reply = await device.wire.send(device.pick, { method: 'POST', path: '/api/login', json });
    if (reply.status === 200) {
      device.account.password = changed;
      device.signedIn(reply);
      return;
    }
    // Disabled: it is told to those alone who have the password.
    if (reply.verdict === 'account_disabled') device.account.password = changed;
    if (reply.status >= 400 && reply.status < 429) return;
    await setTimeout(500);
  }
}
