import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { argon2id, hash, verify } from 'argon2';
import { AppConfig } from '../config/app-config.js';
import { BoundedQueue } from './bounded-queue.js';
import { normalisePassword } from './passwords/normalised-password.js';

export type PasswordVerdict = 'match' | 'match_rehash_due' | 'mismatch';

/** Each hash takes 25–110 ms, so that the last of the queue waits less than 2 s. */
const WAITING_PER_WORKER = 16;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const ENCODED = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/;

/** Argon2id with the configured parameters; the only importer of argon2. Few hashes run at once: each takes a core and `argon2MemoryKiB`. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly logger = new Logger(PasswordHasher.name);
  private readonly queue: BoundedQueue;
  private dummy: Promise<string> | undefined;

  constructor(private readonly config: AppConfig) {
    const { hashConcurrency } = config.passwords;
    this.queue = new BoundedQueue(hashConcurrency, hashConcurrency * WAITING_PER_WORKER);
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
    return this.queue.run(() => this.encode(reading.password));
  }

  /**
   * Checks a password against an account's hash, or against a dummy of the same cost where there is none, so that the
   * time tells nothing of the account. What is too long to be anyone's costs the same, but is never hashed itself.
   * @throws OverloadedError where too many hashes wait
   */
  async verify(stored: string | null, text: string): Promise<PasswordVerdict> {
    const reading = normalisePassword(text);
    if (stored === null || reading.kind !== 'password') return this.verifyDummy();
    const matches = await this.queue.run(() => this.matches(stored, reading.password));
    if (!matches) return 'mismatch';
    return this.isRehashDue(stored) ? 'match_rehash_due' : 'match';
  }

  private async matches(stored: string, password: string): Promise<boolean> {
    try {
      if (!ENCODED.test(stored)) throw new Error('not an Argon2id hash');
      return await verify(stored, password);
    } catch {
      this.logger.error('A stored password hash cannot be read. Its owner needs a password reset.');
      await verify(await this.dummyHash(), password);
      return false;
    }
  }

  private async verifyDummy(): Promise<'mismatch'> {
    await this.queue.run(async () => verify(await this.dummyHash(), ''));
    return 'mismatch';
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

  /** Lesser parameters only: lowering the configuration does not weaken what is stored. */
  private isRehashDue(stored: string): boolean {
    const [, memory, time] = ENCODED.exec(stored) ?? [];
    const { argon2MemoryKiB, argon2Time } = this.config.passwords;
    return Number(memory) < argon2MemoryKiB || Number(time) < argon2Time;
  }
}
