import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';

/** RFC 3339 §5.6, with `T` and an offset. */
const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** @returns the time to the millisecond; undefined where the text is none, or of a day that there is not */
export function readTimestamp(text: string): Date | undefined {
  const [, day] = TIMESTAMP.exec(text) ?? [];
  const time = new Date(text);
  if (day === undefined || Number.isNaN(time.getTime())) return undefined;
  // JavaScript takes 30 February for the 1st or 2nd of March.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? time : undefined;
}

/** Accepts a time of RFC 3339; the value itself is left as it came. */
export const IsTimestamp = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ format: 'date-time', maxLength: 35 }),
    ValidateBy({
      name: 'isTimestamp',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && readTimestamp(value) !== undefined,
        defaultMessage: () => 'must be a time such as 2026-01-31T09:00:00Z',
      },
    }),
  );
