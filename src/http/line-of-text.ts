import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { LINE } from '../shared/json-formats.js';

/** Controls, line ends, lone surrogates and what turns the reading direction; joiners stay, since scripts need them. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** @returns the text trimmed and in NFC; undefined where it is empty, too long or holds control characters */
export function normaliseLine(text: string, maxCodePoints: number): string | undefined {
  const line = text.trim().normalize('NFC');
  const length = Array.from(line).length;
  return length >= 1 && length <= maxCodePoints && !FORBIDDEN.test(line) ? line : undefined;
}

/** Accepts what `normaliseLine` accepts; the value itself is left as it came. */
export const IsLineOfText = (maxCodePoints: number): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ ...LINE, maxLength: maxCodePoints }),
    ValidateBy({
      name: 'isLineOfText',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && normaliseLine(value, maxCodePoints) !== undefined,
        defaultMessage: () => `must be 1 to ${maxCodePoints} characters of text on one line`,
      },
    }),
  );
