import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { argon2id, hash, verify } from 'argon2';
import { AppConfig } from '../config/app-config.js';
import { Metrics } from '../observability/metrics.js';
import { inSpan } from '../observability/spans.js';
import { BoundedQueue } from './bounded-queue.js';
import { argon2idParameters, isWithinLimits } from './passwords/argon2id-hash.js';
import { fitsBcrypt, isBcryptHash, matchesBcrypt } from './passwords/bcrypt-hash.js';
import { normalisePassword } from './passwords/normalised-password.js';

export type PasswordVerdict = 'match' | 'match_rehash_due' | 'mismatch';

/** Each hash takes 25–110 ms, so that the last of the queue waits less than 2 s; imported ones may take longer. */
const WAITING_PER_WORKER = 16;
const SALT_BYTES = 16;
const TAG_BYTES = 32;

/**
 * Argon2id with the configured parameters; the only importer of argon2. Few hashes run at once: each takes a core and
 * `argon2MemoryKiB`. What was imported, bcrypt hashes among it, is checked too, in the same turns.
 */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly logger = new Logger(PasswordHasher.name);
  private readonly queue: BoundedQueue;
  private dummy: Promise<string> | undefined;

  constructor(
    private readonly config: AppConfig,
    metrics: Metrics,
  ) {
    const { hashConcurrency } = config.passwords;
    const capacity = hashConcurrency * WAITING_PER_WORKER;
    this.queue = new BoundedQueue(hashConcurrency, capacity, metrics.hashing);
    metrics.measure('gatehouse_hash_queue_waiting', 'Passwords that wait for their turn.', () => this.depth.waiting);
    metrics.measure('gatehouse_hash_queue_running', 'Passwords that are being hashed.', () => this.depth.running);
    metrics.measure('gatehouse_hash_queue_capacity', 'Passwords that may wait; more are refused.', () => capacity);
  }

  /** Fails the start where the native library does not work on this machine. */
  async onModuleInit(): Promise<void> {
    try {
      const probe = randomBytes(16).toString('hex');
      if ((await this.verify(await this.hash(probe), probe)) !== 'match') throw new Error('its own hash did not match');
      await this.dummyHash();
    } catch (cause) {
      throw new Error('Argon2 does not work on this machine: no password could be checked.', { cause });
    }
  }

  get depth(): BoundedQueue['depth'] {
    return this.queue.depth;
  }

  /**
   * @throws OverloadedError where too many hashes wait
   * @throws Error for what the policy refuses as too long or malformed: check it first
   */
  async hash(text: string): Promise<string> {
    const reading = normalisePassword(text);
    if (reading.kind !== 'password') throw new Error(`a password to be hashed is ${reading.kind}`);
    return this.inTurn('hash', () => this.encode(reading.password));
  }

  /**
   * Checks a password against an account's hash, or against a dummy of the configured cost where there is none, so that the
   * time tells nothing of the account. What is too long to be anyone's costs the same, but is never hashed itself.
   * @throws OverloadedError where too many hashes wait
   */
  async verify(stored: string | null, text: string): Promise<PasswordVerdict> {
    const reading = normalisePassword(text);
    if (reading.kind !== 'password') return this.inTurn('verify', () => this.check(null, ['']));
    // A system that an account was imported from may have hashed what was typed, as it was typed.
    const { password } = reading;
    return this.inTurn('verify', () => this.check(stored, password === text ? [text] : [password, text]));
  }

  /** One span for all it takes, and one in it from the turn on: the rest is the queue. */
  private inTurn<Result>(what: 'hash' | 'verify', work: () => Promise<Result>): Promise<Result> {
    return inSpan(`password ${what}`, () => this.queue.run(() => inSpan(`argon2 ${what}`, work)));
  }

  /** One after the other in one turn, and as many where nothing can match. The first is what a hash of ours is made from. */
  private async check(stored: string | null, typings: readonly string[]): Promise<PasswordVerdict> {
    for (const [index, typing] of typings.entries()) {
      const isMatch = await this.matches(stored, typing);
      if (isMatch) return index > 0 || this.isRehashDue(stored) ? 'match_rehash_due' : 'match';
    }
    return 'mismatch';
  }

  private async matches(stored: string | null, password: string): Promise<boolean> {
    if (stored === null) return this.failAtDummy();
    // What bcrypt would cut is nobody's: as with an unknown address, so that not even the time tells of an import.
    if (isBcryptHash(stored)) return fitsBcrypt(password) ? matchesBcrypt(stored, password) : this.failAtDummy();
    const parameters = argon2idParameters(stored);
    if (parameters && isWithinLimits(parameters)) return verify(stored, password);
    this.logger.error('A stored password hash cannot be read. Its owner needs a password reset.');
    return this.failAtDummy();
  }

  private async failAtDummy(): Promise<false> {
    await verify(await this.dummyHash(), '');
    return false;
  }

  private dummyHash(): Promise<string> {
    return (this.dummy ??= this.encode(randomBytes(32).toString('base64')));
  }

  private encode(password: string): Promise<string> {
    const { argon2MemoryKiB, argon2Time } = this.config.passwords;
    return hash(password, {
      type: argon2id,
      memoryCost: argon2MemoryKiB,
      timeCost: argon2Time,
      parallelism: 1,
      salt: randomBytes(SALT_BYTES),
      hashLength: TAG_BYTES,
    });
  }

  /** Of bcrypt always; otherwise of lesser parameters only: lowering the configuration does not weaken what is stored. */
  private isRehashDue(stored: string | null): boolean {
    const parameters = argon2idParameters(stored ?? '');
    const { argon2MemoryKiB, argon2Time } = this.config.passwords;
    return !parameters || parameters.memoryKiB < argon2MemoryKiB || parameters.passes < argon2Time;
  }
}
