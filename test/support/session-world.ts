import { TokenMissingError } from '../../src/security/security.errors.js';
import { decodeJwt } from 'jose';
import { AuthService } from '../../src/auth/auth.service.js';
import { AppError } from '../../src/shared/app-error.js';
import type { SessionId, UserId } from '../../src/shared/ids.js';
import { AccessTokenVerifier } from '../../src/tokens/access/access-token-verifier.js';
import { RevocationFeed } from '../../src/tokens/revocation/revocation-feed.js';
import { Revocations } from '../../src/tokens/revocation/revocations.js';
import { decodeRefreshToken } from '../../src/tokens/sessions/refresh-token.js';
import type { PresentedRefreshToken } from '../../src/tokens/sessions/refresh-token.js';
import { SessionRefresh } from '../../src/tokens/sessions/session-refresh.js';
import { SessionOpening } from '../../src/tokens/sessions/session-opening.js';
import { SessionModel } from './session-model.js';
import type { RefreshAnswer } from './session-model.js';
import type { TestApp } from './test-app.js';
import { TestClock } from './test-clock.js';

const CLIENT = { ip: '192.0.2.1', userAgent: 'tab' };
const REMEMBERED_ACCESS_TOKENS = 3;
/** The answers of calls that revoke. */
const ENDING: ReadonlySet<Observed | undefined> = new Set<Observed>(['signed out', 'refresh_reused']);

/** Stands still between steps, so that a model can tell what is within the grace. */
export class StoppedClock extends TestClock {
  private readonly startedAtMs = Math.floor(Date.now() / 1000) * 1000;
  private passedSeconds = 0;

  override now(): Date {
    return new Date(this.startedAtMs + this.passedSeconds * 1000);
  }

  override advance(seconds: number): void {
    this.passedSeconds += seconds;
  }

  restart(): void {
    this.passedSeconds = 0;
  }

  get seconds(): number {
    return this.now().getTime() / 1000;
  }
}

/** What somebody has of a session: the owner's tabs share theirs, a thief has a copy. */
export interface Holding {
  readonly generation: number;
  /** Of the Idempotency-Key; undefined where its holder sends none. */
  readonly key: string | undefined;
}

/** One request, and how much of it and its answer arrives. */
export interface Act {
  readonly who: 'owner' | 'thief' | 'tab behind' | 'sign-out';
  readonly fate: 'answered' | 'answer lost' | 'request lost';
  readonly instance: number;
}

interface Request extends Act {
  readonly holding: Holding;
}

export type Observed = RefreshAnswer | 'signed out';

interface Settled {
  readonly answer: Observed;
  readonly refreshToken?: string;
  readonly accessToken?: string;
}

/** A session with its owner's tabs and perhaps a thief, the services that answer them, and the model of all. */
export class SessionWorld {
  model: SessionModel;
  owner: Holding;
  thief: Holding | undefined;
  /** The owner has asked and not been answered. */
  unanswered = false;
  signedOut = false;
  /** Each one that was ever handed out, by generation. */
  readonly refreshTokens: Map<number, string>;
  private accessTokens: readonly string[] = [];

  private constructor(
    private readonly instances: readonly TestApp[],
    private readonly clock: StoppedClock,
    private readonly sendsKeys: boolean,
    readonly id: SessionId,
    refreshToken: string,
  ) {
    this.model = new SessionModel(clock.seconds);
    this.refreshTokens = new Map([[1, refreshToken]]);
    this.owner = this.ownersHolding(1);
  }

  static async open(
    instances: readonly TestApp[],
    clock: StoppedClock,
    userId: UserId,
    sendsKeys: boolean,
  ): Promise<SessionWorld> {
    const service = instanceOf(instances, 0);
    const signIn = { userId, credentialVersion: 1, amr: ['pwd'], deviceName: undefined, client: CLIENT };
    const sessions = service.app.get(SessionOpening, { strict: false });
    const opened = await service.app
      .get(Revocations, { strict: false })
      .transaction((tx) => sessions.open(tx, signIn, clock.now()));
    if (!opened) throw new Error('no session was opened');
    return new SessionWorld(instances, clock, sendsKeys, opened.subject.sessionId, opened.refreshToken);
  }

  /** A client without keys has to ask again within the grace, so it does so before the time has passed. */
  async wait(seconds: number): Promise<void> {
    if (this.unanswered && !this.sendsKeys) await this.act([{ who: 'owner', fate: 'answered', instance: 0 }]);
    this.clock.advance(seconds);
  }

  /** @param withKey a thief who reads the owner's store has the key as well */
  steal(withKey: boolean): void {
    this.thief = { generation: this.owner.generation, key: withKey ? this.owner.key : undefined };
  }

  /** Sends requests all at once, finds an order that explains their answers, and checks everything that must hold. */
  async act(acts: readonly Act[]): Promise<readonly Observed[]> {
    const requests = acts.flatMap((act) => this.requestOf(act, acts));
    const before = this.model;
    const sent = requests.filter(({ fate }) => fate !== 'request lost');
    const settled = await Promise.all(sent.map((request) => this.send(request)));
    const answers = settled.map(({ answer }) => answer);
    this.model = await this.explain(sent, answers);
    for (const [index, request] of sent.entries()) this.receive(request, settled[index]);
    if (requests.some(({ who, fate }) => who === 'owner' && fate === 'request lost')) this.unanswered = true;
    if (this.thief === undefined) this.expectPromiseKept(sent, answers);
    // A call that ends the session has ended it at its own instance before it is answered; the others read of it.
    const ending = sent.filter((_, index) => ENDING.has(answers[index]));
    for (const { instance } of ending) await this.expectAccess(instanceOf(this.instances, instance));
    if (this.model.ended && !before.ended) {
      for (const { app } of this.instances) await app.get(RevocationFeed, { strict: false }).read();
    }
    for (const instance of this.instances) await this.expectAccess(instance);
    return answers;
  }

  /** The generations whose token would advance the session: exactly the current one, or none. */
  async liveGenerations(): Promise<number[]> {
    const refresh = instanceOf(this.instances, 0).app.get(SessionRefresh, { strict: false });
    const live: number[] = [];
    for (const [generation, token] of this.refreshTokens) {
      if (await refresh.readCurrent(presented(token))) live.push(generation);
    }
    return live;
  }

  /** What an instance makes of the newest access token. */
  accessAt(app: TestApp['app']): Promise<string> {
    return verdictOf(app, this.accessTokens[0] ?? '');
  }

  get isLive(): boolean {
    return !this.model.ended && this.clock.seconds < this.model.endsAt;
  }

  private ownersHolding(generation: number): Holding {
    return { generation, key: this.sendsKeys ? `owner-${generation}` : undefined };
  }

  private requestOf(act: Act, together: readonly Act[]): Request[] {
    if (act.who === 'thief') return this.thief ? [{ ...act, holding: this.thief }] : [];
    if (act.who !== 'tab behind') return [{ ...act, holding: this.owner }];
    // A duplicate that is still on its way, or a tab that has not looked at the store: two steps and the grace at most.
    const mayAdvance = this.owner.generation === this.model.generation && together.some(({ who }) => who === 'owner');
    const oldest = this.model.generation + (mayAdvance ? 1 : 0) - 2;
    const isBehind = oldest < this.owner.generation && this.model.isWithinGrace(oldest, this.clock.seconds);
    return isBehind ? [{ ...act, holding: this.ownersHolding(oldest) }] : [];
  }

  private async send({ who, holding, instance }: Request): Promise<Settled> {
    const auth = instanceOf(this.instances, instance).app.get(AuthService, { strict: false });
    const token = this.refreshTokens.get(holding.generation) ?? '';
    if (who === 'sign-out') {
      const withoutAccessToken = (): never => {
        throw new TokenMissingError();
      };
      await auth.signOut(token, withoutAccessToken, CLIENT);
      return { answer: 'signed out' };
    }
    const client = who === 'thief' ? { ip: '203.0.113.9', userAgent: 'thief' } : CLIENT;
    try {
      const { tokens, repeated } = await auth.refresh({
        presented: presented(token),
        idempotencyKey: holding.key,
        client,
      });
      return { ...tokens, answer: repeated ? 'repeated' : 'rotated' };
    } catch (error) {
      if (error instanceof AppError) return { answer: error.code as RefreshAnswer };
      throw error;
    }
  }

  /** Requests at once may be served in any order, but in one: the model and the row have to agree with it. */
  private async explain(sent: readonly Request[], answers: readonly Observed[]): Promise<SessionModel> {
    const [row] = await instanceOf(this.instances, 0).sql<{ generation: number; ended: boolean; rows: number }>(
      `SELECT generation, revoked_at IS NOT NULL AS ended, (count(*) OVER ())::int AS rows FROM sessions WHERE id = $1`,
      [this.id],
    );
    const explanations = ordersOf(sent.map((_, index) => index)).map((order) => {
      const model = this.model.copy();
      const expected: Observed[] = [];
      for (const index of order) {
        const request = sent[index];
        if (request) expected[index] = answerOf(model, request, this.clock.seconds);
      }
      return { model, expected };
    });
    const canonical = (all: readonly Observed[]): readonly Observed[] => (all.length > 1 ? all.map(asEnded) : all);
    const seen = JSON.stringify([canonical(answers), row]);
    const explained = explanations.find(
      ({ model: { generation, ended }, expected }) =>
        JSON.stringify([canonical(expected), { generation, ended, rows: 1 }]) === seen,
    );
    if (explained) return explained.model;
    throw new Error(
      `no order explains ${seen} to ${JSON.stringify(sent)}: ${JSON.stringify(explanations.map(({ expected, model }) => [expected, model]))}`,
    );
  }

  private receive(request: Request, settled: Settled | undefined): void {
    const { who, fate, holding } = request;
    if (who === 'sign-out') this.signedOut = true;
    if (who === 'owner' && fate === 'answer lost') this.unanswered = true;
    if (settled?.refreshToken === undefined || settled.accessToken === undefined) return;
    const next = holding.generation + 1;
    // All that are answered with this generation get the very same token.
    expect(settled.refreshToken).toBe(this.refreshTokens.get(next) ?? settled.refreshToken);
    this.refreshTokens.set(next, settled.refreshToken);
    this.accessTokens = [settled.accessToken, ...this.accessTokens].slice(0, REMEMBERED_ACCESS_TOKENS);
    expect(decodeJwt(settled.accessToken).exp).toBeLessThanOrEqual(this.model.endsAt);
    if (fate !== 'answered') return;
    if (who === 'thief') this.thief = { generation: next, key: undefined };
    else if (next > this.owner.generation) this.owner = this.ownersHolding(next);
    if (who === 'owner') this.unanswered = false;
  }

  /** Nobody but the owner's own tabs has ever asked: nothing but a sign-out or time ends the session. */
  private expectPromiseKept(sent: readonly Request[], answers: readonly Observed[]): void {
    expect(answers).not.toContain('refresh_reused');
    if (!this.signedOut) expect(answers).not.toContain('session_revoked');
    for (const [index, { who }] of sent.entries()) {
      if (who === 'owner' && this.isLive)
        expect(['rotated', 'repeated', 'refresh_superseded']).toContain(answers[index]);
    }
    expect(this.model.ended).toBe(this.signedOut);
  }

  private async expectAccess({ app }: TestApp): Promise<void> {
    for (const token of this.accessTokens) {
      const expired = (decodeJwt(token).exp ?? 0) <= this.clock.seconds;
      const expected = expired ? 'token_expired' : this.model.ended ? 'token_revoked' : 'accepted';
      expect(await verdictOf(app, token)).toBe(expected);
    }
  }
}

async function verdictOf(app: TestApp['app'], token: string): Promise<string> {
  try {
    await app.get(AccessTokenVerifier, { strict: false }).verify(token);
    return 'accepted';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

function answerOf(model: SessionModel, { who, holding }: Request, now: number): Observed {
  if (who !== 'sign-out') return model.present(holding.generation, holding.key, now);
  model.ended = true;
  return 'signed out';
}

/** Of two thieves at once both may be told that they are found out. */
const asEnded = (answer: Observed): Observed => (answer === 'refresh_reused' ? 'session_revoked' : answer);

function ordersOf(indexes: readonly number[]): number[][] {
  if (indexes.length === 0) return [[]];
  return indexes.flatMap((first) =>
    ordersOf(indexes.filter((index) => index !== first)).map((rest) => [first, ...rest]),
  );
}

function instanceOf(instances: readonly TestApp[], index: number): TestApp {
  const instance = instances[index % instances.length];
  if (!instance) throw new Error('there is no instance');
  return instance;
}

function presented(token: string): PresentedRefreshToken {
  const decoded = decodeRefreshToken(token);
  if (!decoded) throw new Error('not a refresh token');
  return decoded;
}
