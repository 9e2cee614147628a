import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { CURSOR } from '../shared/json-formats.js';
import { MayBeAbsent } from './may-be-absent.js';

export const MAX_CURSOR_CHARACTERS = 512;
const DEFAULT_LIMIT = 20;
export const MAX_LIMIT = 100;

/** Decimal digits alone: `Number` would also take `1e1`, `0x10` and the empty text. */
const asInteger = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value;

/** What every list takes; filters extend it. */
export class PageQuery {
  /** How many items at most. */
  @Transform(asInteger)
  @Min(1, { message: 'must be at least 1' })
  @Max(MAX_LIMIT, { message: `must be at most ${MAX_LIMIT}` })
  @IsInt({ message: 'must be a whole number' })
  @ApiProperty({ type: 'integer', format: 'int32', required: false, example: 20 })
  limit: number = DEFAULT_LIMIT;

  /** The `nextCursor` of the page before. */
  @MayBeAbsent()
  @MaxLength(MAX_CURSOR_CHARACTERS, { message: `must be at most ${MAX_CURSOR_CHARACTERS} characters` })
  @IsString({ message: 'must be a string' })
  @ApiProperty({ example: CURSOR.example })
  cursor?: string;
}
