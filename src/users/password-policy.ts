import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { isCommonPassword, NEGLIGIBLE_LENGTH } from './passwords/common-passwords.js';
import { codePoints, MAX_PASSWORD_CODE_POINTS, normalisePassword } from './passwords/normalised-password.js';
import type { NormalisedPassword } from './passwords/normalised-password.js';
import { PasswordWeakError } from './users.errors.js';

/** Whose password it is to be: words of theirs make none. */
export interface PasswordOwner {
  readonly email: string;
  readonly name?: string | null;
}

const PRODUCT = 'gatehouse';
const SHORTEST_WORD = 3;

/** What a new password must be (NIST SP 800-63B-4 §3.1.1.2): long, and not one that is tried first. No composition rules. */
@Injectable()
export class PasswordPolicy {
  constructor(private readonly config: AppConfig) {}

  /** @throws PasswordWeakError with the reason, and never with the password */
  async check(text: string, owner: PasswordOwner): Promise<void> {
    const password = this.read(text);
    if (await isCommonPassword(password)) {
      throw new PasswordWeakError('common', 'This password is one of those that are tried first. Choose another.');
    }
    if (isMadeOfContext(password, owner)) {
      throw new PasswordWeakError(
        'contextual',
        'The password is made of your name, your address or the name of this service. Choose another.',
      );
    }
  }

  private read(text: string): NormalisedPassword {
    const reading = normalisePassword(text);
    if (reading.kind === 'malformed') {
      throw new PasswordWeakError('malformed', 'The password holds characters that are not valid Unicode.');
    }
    if (reading.kind === 'too_long') {
      const detail = `The password must have at most ${MAX_PASSWORD_CODE_POINTS} characters and 512 bytes.`;
      throw new PasswordWeakError('too_long', detail);
    }
    const { minLength } = this.config.passwords;
    if (codePoints(reading.password) < minLength) {
      throw new PasswordWeakError('too_short', `The password must have at least ${minLength} characters.`);
    }
    return reading.password;
  }
}

function isMadeOfContext(password: string, owner: PasswordOwner): boolean {
  const text = password.toLowerCase();
  const rest = contextWords(owner).reduce((left, word) => left.replaceAll(word, ' '), text);
  return rest !== text && codePoints(lettersOf(rest)) < NEGLIGIBLE_LENGTH;
}

/** Longest first, so that no short word breaks a long one. */
function contextWords({ email, name }: PasswordOwner): string[] {
  const words = [email, name ?? '', PRODUCT].flatMap((text) => {
    const folded = text.normalize('NFKC').toLowerCase();
    return [folded, ...folded.split(/[^\p{L}\p{M}\p{N}]+/u), ...folded.split(/[^\p{L}\p{M}]+/u)];
  });
  return [...new Set(words)].filter((word) => word.length >= SHORTEST_WORD).sort((a, b) => b.length - a.length);
}

const lettersOf = (text: string): string => text.replace(/[^\p{L}\p{M}]/gu, '');
