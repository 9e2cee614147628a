import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditDetails } from '../../audit/audit-event.js';
import { AuditLog } from '../../audit/audit-log.js';
import { Refusals } from '../../audit/refusals.js';
import { clientNetwork } from '../../http/client-address.js';
import { Outbox } from '../../mail/outbox.js';
import type { ClientContext } from '../../shared/client-context.js';
import { asSessionId } from '../../shared/ids.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import type { CounterState } from './guess-counters.js';
import type { GuessPolicyName } from './guess-policies.js';
import type { GuessSubject } from './guess-subjects.js';

/** A check of a password or code, under its counters. */
export interface CountedCheck {
  readonly subjects: readonly GuessSubject[];
  readonly states: readonly CounterState[];
  readonly client: ClientContext;
}

/** What was asked for, by the first counter of the check. */
const STEPS: Readonly<Record<GuessPolicyName, string>> = {
  login: 'password',
  'login-account': 'password',
  'login-network': 'password',
  'login-device': 'password',
  'second-factor': 'second_factor',
  session: 'reauthentication',
};

/** What of guessing security wants to be known, and what the owners. */
@Injectable()
export class GuessEvents {
  constructor(
    private readonly audit: AuditLog,
    private readonly refusals: Refusals,
    private readonly outbox: Outbox,
    private readonly dataSource: DataSource,
  ) {}

  /** A sign-in, or an owner's proof, that was refused. @param userId whose account it is, where there is one */
  async failed(check: CountedCheck, userId: UserId | undefined, reason: string, at: Date): Promise<void> {
    const { client } = check;
    const login = loginOf(check);
    const details = { step: stepOf(check), reason, ...(userId === undefined && login) };
    const sessionId = sessionOf(check);
    const event = { type: 'authn_login_fail', at, userId, sessionId, client, outcome: 'failure', details } as const;
    const source = { of: `${userId ?? login.login} ${details.step} ${reason}`, from: clientNetwork(client.ip) };
    await this.refusals.note(event, source);
  }

  /** A right password, which is not enough: whoever gives up here had it all the same. */
  async secondFactorAsked({ client }: CountedCheck, userId: UserId, at: Date): Promise<void> {
    const event = { type: 'authn_mfa_required', at, userId, client, outcome: 'success', details: {} } as const;
    await this.refusals.note(event, { of: userId, from: clientNetwork(client.ip) });
  }

  /** One that was not looked at, since a counter is spent. */
  async refused(check: CountedCheck, spent: GuessPolicyName, at: Date): Promise<void> {
    const { client } = check;
    const login = loginOf(check);
    const details = { step: stepOf(check), limit: spent, ...login };
    const event = { type: 'excess_rate_limit_exceeded', at, client, outcome: 'failure', details } as const;
    await this.refusals.note(event, { of: `${login.login} ${spent}`, from: clientNetwork(client.ip) });
  }

  /** A counter that has just been spent. */
  async blocked(
    { policy, of }: GuessSubject,
    { bucket, failed, streak, blockedUntil }: CounterState,
    { check, userId, now }: { check: CountedCheck; userId: UserId | undefined; now: Date },
  ): Promise<void> {
    const { client } = check;
    // Whose it is, is told by the keyed hash alone where there is no such account.
    const until = blockedUntil instanceof Date ? blockedUntil.toISOString() : 'reset';
    const counted = { limit: policy, failures: failed, until, counter: bucket.toString('hex') };
    const details = { ...counted, ...(streak > 0 && { inARow: streak }), ...(userId === undefined && loginOf(check)) };
    const event = { type: 'authn_login_lock', at: now, userId, client, outcome: 'failure', details } as const;
    const told = { details: { at: now.toISOString(), ip: client.ip } };
    await this.dataSource.transaction(async (tx) => {
      await this.audit.append(event, tx);
      // Owed to any address, so that it takes the same: whether it has an account is asked when it is sent.
      if (policy === 'login-account' && blockedUntil === 'for good')
        await this.outbox.add(tx, { purpose: 'sign_in_blocked', to: of[0], ...told });
      // Whoever gets as far has the password.
      if (policy === 'second-factor') await this.outbox.add(tx, { purpose: 'second_factor_failing', userId, ...told });
    });
  }
}

/** From within which session it was asked for, where it was. */
const sessionOf = ({ subjects: [first] }: CountedCheck): SessionId | undefined =>
  first?.policy === 'session' && first.of[0] !== undefined ? asSessionId(first.of[0]) : undefined;

const stepOf = ({ subjects }: CountedCheck): string => STEPS[subjects[0]?.policy ?? 'login'];

/** What was tried as a login name, as the keyed hash that its counter has: the name itself may be anything, even a password. */
function loginOf({ subjects, states }: CountedCheck): AuditDetails & { readonly login: string } {
  const at = subjects.findIndex(({ policy }) => policy === 'login-account');
  return { login: (states[at] ?? states[0])?.bucket.toString('hex') ?? '' };
}
