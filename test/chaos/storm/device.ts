import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { decodeRefreshToken } from '../../../src/tokens/sessions/refresh-token.js';
import type { Chance } from '../../support/chance.js';
import type { Account } from './account.js';
import type { Instance } from './instances.js';
import type { OpenedSession } from './ledger.js';
import type { Storm } from './storm.js';
import { Wire, isOpen } from './wire.js';
import type { Fate, Reply } from './wire.js';

/** What a client keeps of its session; the tabs of a browser share it. */
export interface Holding {
  readonly session: OpenedSession;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly generation: number;
  /** Written down with the refresh token, before that is ever shown: each repeat has the same. */
  readonly key: string;
  /** When it was handed over, and asked for. */
  readonly tokenMs: number;
  readonly askedMs: number;
}

/** What the ledger says of a call that showed a token of a holding. */
export const shown = ({ session: { id: sessionId }, tokenMs, askedMs }: Holding) =>
  ({ by: 'owner', sessionId, tokenMs, askedMs }) as const;

interface TokensBody {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly sessionId: string;
  readonly deviceToken?: string;
}

/** A request that its sender gave up may be served for so long after. */
const UNDER_WAY_MS = 20_000;
const RETRY_MS = 150;

/** The answers that end a session for its client. */
const OVER = new Set(['session_revoked', 'refresh_reused', 'refresh_invalid', 'refresh_expired']);

/**
 * An honest client as a good one is written: it keeps its tokens and a key, asks again until it is answered, presents nothing but
 * the newest refresh token it has, refreshes what is stale, and signs in where it has been signed out.
 */
export class Device {
  readonly who: string;
  readonly wire: Wire;
  holding: Holding | undefined;
  private deviceToken: string | undefined;
  /** Presentations that were given up, which may yet be served. */
  private givenUp: { readonly generation: number; readonly atMs: number }[] = [];

  constructor(
    readonly account: Account,
    number: number,
    private readonly storm: Storm,
    readonly chance: Chance,
  ) {
    this.who = `user ${account.number}, device ${number}`;
    this.wire = new Wire(`127.20.${account.number}.${number}`, `storm u${account.number}d${number}`);
  }

  get pick(): Instance {
    return this.storm.instances.pick(this.chance);
  }

  /** @returns whether it is signed in, at once or after asking for as long as it takes */
  async signIn(): Promise<boolean> {
    while (!this.storm.over) {
      await this.account.certain;
      const { email, password } = this.account;
      const { deviceToken } = this;
      const known = deviceToken === undefined ? {} : { deviceToken };
      const fate = this.chance.next() < 0.05 ? 'answer lost' : 'answered';
      const instance = this.pick;
      const message = { method: 'POST', path: '/api/login', json: { email, password, ...known } } as const;
      const reply = await this.wire.send(instance, message, fate);
      if (reply.status === 200) {
        this.signedIn(reply);
        return true;
      }
      this.judgeSignIn(reply, password, instance);
      await setTimeout(reply.status === 429 ? 1_000 : RETRY_MS);
    }
    return false;
  }

  /** A guarded request. @returns its answer; nothing where it is signed out */
  async call(instance = this.pick): Promise<Reply | undefined> {
    const { holding } = this;
    if (!holding) return undefined;
    const { accessToken: token } = holding;
    const reply = await this.wire.send(instance, { method: 'GET', path: '/api/protected', token });
    this.storm.ledger.call({ what: 'guarded', ...shown(holding), instance: instance.name }, reply);
    return reply;
  }

  /** Refreshes until it is answered. @returns whether the session lives on */
  async refresh(first: Fate = 'answered', pauseMs = RETRY_MS): Promise<boolean> {
    for (let fate = first; ; fate = 'answered') {
      const { holding } = this;
      if (!holding) return false;
      if (!this.mayAdvance(holding)) return true;
      const reply = await this.present(holding, fate);
      if (reply.status === 200) return true;
      if (OVER.has(reply.verdict)) {
        this.holding = undefined;
        return false;
      }
      await setTimeout(fate === 'answered' ? RETRY_MS : pauseMs);
    }
  }

  /** Once all is quiet, nothing that was given up is under way. */
  async refreshAtLast(): Promise<void> {
    this.givenUp = [];
    await this.refresh();
  }

  /** Two tabs that present the same at once; neither goes on before both are answered. */
  async refreshTwice(): Promise<void> {
    const { holding } = this;
    if (!holding || !this.mayAdvance(holding)) return;
    const replies = await Promise.all([this.present(holding, 'answered'), this.present(holding, 'answered')]);
    if (replies.some(({ verdict }) => OVER.has(verdict))) this.holding = undefined;
  }

  forget(): void {
    this.holding = undefined;
  }

  signedIn(reply: Reply): void {
    const { accessToken, refreshToken, sessionId, deviceToken } = reply.body as TokensBody;
    this.deviceToken = deviceToken ?? this.deviceToken;
    const { sentMs, answeredMs: openedMs } = reply;
    const session = { id: sessionId, userId: this.account.id, who: this.who, sentMs, openedMs };
    this.storm.ledger.open(session);
    this.givenUp = [];
    this.keep(session, { accessToken, refreshToken }, { askedMs: sentMs, tokenMs: openedMs });
  }

  /** Access tokens live for a quarter of an hour in the world: nobody is three steps on while a first is under way. */
  private mayAdvance({ generation }: Holding): boolean {
    const now = performance.now();
    this.givenUp = this.givenUp.filter(({ atMs }) => now - atMs < UNDER_WAY_MS);
    return this.givenUp.every((presented) => generation - presented.generation < 2);
  }

  private async present(holding: Holding, fate: Fate): Promise<Reply> {
    const instance = this.pick;
    const { refreshToken, generation, key } = holding;
    const headers = { 'idempotency-key': key };
    const message = { method: 'POST', path: '/api/refresh', json: { refreshToken }, headers } as const;
    const reply = await this.wire.send(instance, message, fate);
    this.storm.ledger.call({ what: 'refresh', ...shown(holding), generation, instance: instance.name }, reply);
    if (isOpen(reply)) this.givenUp.push({ generation, atMs: reply.sentMs });
    if (reply.status === 200) this.refreshed(holding, reply);
    return reply;
  }

  private refreshed({ session, generation }: Holding, { body, sentMs, answeredMs }: Reply): void {
    const tokens = body as TokensBody;
    const next = decodeRefreshToken(tokens.refreshToken)?.generation;
    if (next !== generation + 1) {
      this.storm.ledger.object(`generation ${generation} of ${this.who} was followed by ${next}`, {
        sessionId: session.id,
      });
    }
    const { holding } = this;
    const isOther = holding?.session !== session || holding.generation > generation + 1;
    if (isOther) return;
    if (holding.generation === generation + 1 && holding.refreshToken !== tokens.refreshToken) {
      this.storm.ledger.object(`two tabs of ${this.who} got different refresh tokens`, { sessionId: session.id });
    }
    this.keep(session, tokens, { askedMs: sentMs, tokenMs: answeredMs });
  }

  private keep(
    session: OpenedSession,
    { accessToken, refreshToken }: Pick<TokensBody, 'accessToken' | 'refreshToken'>,
    times: Pick<Holding, 'tokenMs' | 'askedMs'>,
  ): void {
    const generation = decodeRefreshToken(refreshToken)?.generation ?? 0;
    const key = this.holding?.refreshToken === refreshToken ? this.holding.key : randomUUID();
    this.holding = { session, accessToken, refreshToken, generation, key, ...times };
    this.storm.ledger.handOver(session.id, { accessToken, ...times });
  }

  private judgeSignIn({ verdict, status, sentMs, answeredMs }: Reply, password: string, instance: Instance): void {
    const { account, storm } = this;
    if (status === 0 || status === 503 || status === 429) return;
    // Disabled between the check of the password and the opening of the session, it is refused as a password that has changed.
    const isAsDisabled = verdict === 'account_disabled' || verdict === 'invalid_credentials';
    if (isAsDisabled && account.disabled.mayHold(true, sentMs, answeredMs)) return;
    if (verdict === 'invalid_credentials' && password !== account.password) return;
    storm.ledger.object(`${this.who}, who is honest, was refused a sign-in with ${verdict} by ${instance.name}`, {
      userId: account.id,
    });
  }
}
