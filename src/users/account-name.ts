import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';

const MAX_CODE_POINTS = 100;
/** Controls, line ends, lone surrogates and what turns the reading direction; joiners stay, since scripts need them. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** @returns the name trimmed and in NFC; undefined where it is empty, over 100 code points or holds control characters */
export function normaliseName(text: string): string | undefined {
  const name = text.trim().normalize('NFC');
  const length = Array.from(name).length;
  return length >= 1 && length <= MAX_CODE_POINTS && !FORBIDDEN.test(name) ? name : undefined;
}

/** Accepts what `normaliseName` accepts; the value itself is left as it came. */
export const IsAccountName = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ minLength: 1, maxLength: MAX_CODE_POINTS }),
    ValidateBy({
      name: 'isAccountName',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && normaliseName(value) !== undefined,
        defaultMessage: () => `must be 1 to ${MAX_CODE_POINTS} characters of text on one line`,
      },
    }),
  );
