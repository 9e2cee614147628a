import { ApiProperty, IntersectionType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { Equals, IsBoolean, IsInt, Matches, Max, Min, ValidateBy } from 'class-validator';
import { ValidationFailedError } from '../http/http.errors.js';
import { IsLineOfText } from '../http/line-of-text.js';
import { MayBeAbsent } from '../http/may-be-absent.js';
import { PageQuery } from '../http/page-query.dto.js';
import { IsTimestamp, readTimestamp } from '../http/timestamp.js';
import { asUserId, isUuid } from '../shared/ids.js';
import { USER_ID, ADDRESS_BLOCK, COUNT } from '../shared/json-formats.js';
import { parseAddressRange } from '../tokens/session-control/address-range.js';
import type { SessionFilter } from '../tokens/session-control/session-filter.js';
import { ReasonQuery } from './admin.dto.js';

/** Far more than there can be, and what an integer of the database holds. */
const MOST_EXPECTED = 0x7fffffff;

/** `true` and `false` alone: of another text nobody knows what it means. */
const asBoolean = ({ value }: { value: unknown }): unknown =>
  value === 'true' ? true : value === 'false' ? false : value;

const IsId = (): PropertyDecorator =>
  ValidateBy({
    name: 'isId',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && isUuid(value),
      defaultMessage: () => 'must be an id: a UUID in lower case',
    },
  });

const IsAddressRange = (): PropertyDecorator =>
  ValidateBy({
    name: 'isAddressRange',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && parseAddressRange(value) !== undefined,
      defaultMessage: () => 'must be an IPv4 or IPv6 address, or a block of them as CIDR',
    },
  });

/** Sessions that match everything that is given. */
export class SessionFilterFields {
  /** Whose they are. */
  @MayBeAbsent()
  @IsId()
  @ApiProperty(USER_ID)
  userId?: string;

  /** The client's address at the sign-in, or a block of them as CIDR. */
  @MayBeAbsent()
  @IsAddressRange()
  @ApiProperty({ ...ADDRESS_BLOCK, example: '203.0.113.0/24' })
  ip?: string;

  /**
   * Words of the user agent at the sign-in, in this order and next to each other, whatever their case and what stands between
   * them; the last may be the beginning of one.
   * @example "Firefox/13"
   */
  @MayBeAbsent()
  @Matches(/[\p{L}\p{N}]/u, { message: 'must have a letter or a digit' })
  @IsLineOfText(200)
  userAgent?: string;

  /**
   * Signed in before this time.
   * @example "2026-11-24T06:00:00Z"
   */
  @MayBeAbsent()
  @IsTimestamp()
  createdBefore?: string;

  /** Signed in after this time. */
  @MayBeAbsent()
  @IsTimestamp()
  @ApiProperty({ example: '2026-11-01T00:00:00Z' })
  createdAfter?: string;
}

class ActiveInQuery {
  /** Whether they are live, neither revoked nor expired. Both are listed without it. */
  @MayBeAbsent()
  @IsBoolean({ message: 'must be true or false' })
  @Transform(asBoolean)
  @ApiProperty({ example: true })
  active?: boolean;
}

export class ListSessionsQuery extends IntersectionType(PageQuery, SessionFilterFields, ActiveInQuery) {}

export class RevokeSessionsRequest extends IntersectionType(SessionFilterFields, ReasonQuery) {
  /** Only live sessions can be revoked: true by itself means all of them, up to 100,000; with false none matches. */
  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ example: true })
  active?: boolean;

  /** Every session of everyone, in the place of any filter and however many they are. */
  @MayBeAbsent()
  @Equals(true, { message: 'must be true, or left out' })
  @ApiProperty({ type: Boolean, enum: [true] })
  all?: true;

  /** Only count: nothing is revoked. */
  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ example: true })
  dryRun?: boolean;

  /** Revoke none unless exactly as many match, as a dry run has told. */
  @MayBeAbsent()
  @Max(MOST_EXPECTED, { message: `must be at most ${MOST_EXPECTED}` })
  @Min(0, { message: 'must be at least 0' })
  @IsInt({ message: 'must be a whole number' })
  @ApiProperty({ type: 'integer', format: 'int32', example: 12 })
  expected?: number;

  /** Revoke the session of this call too, if it matches. */
  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ example: false })
  includeSelf?: boolean;
}

export class BulkRevokedResponse {
  /** How many live sessions match, the caller's own among them. */
  @ApiProperty(COUNT)
  matched!: number;

  /** How many of them were revoked. */
  @ApiProperty({ ...COUNT, example: 11 })
  revoked!: number;
}

export function filterOf(fields: SessionFilterFields & { readonly active?: boolean }): SessionFilter {
  const { userId, ip, userAgent, createdBefore, createdAfter, active } = fields;
  return {
    userId: userId === undefined ? undefined : asUserId(userId),
    addresses: ip === undefined ? undefined : parseAddressRange(ip),
    userAgent,
    createdBefore: createdBefore === undefined ? undefined : readTimestamp(createdBefore),
    createdAfter: createdAfter === undefined ? undefined : readTimestamp(createdAfter),
    active,
  };
}

/**
 * Which sessions a request means: `all` stands alone, so that nobody ends everyone's with a filter that says otherwise, nor
 * with one that was forgotten.
 * @throws ValidationFailedError
 */
export function selectionOf(request: RevokeSessionsRequest): SessionFilter | 'all' {
  const filter = filterOf(request);
  const given = (['userId', 'ip', 'userAgent', 'createdBefore', 'createdAfter', 'active'] as const).filter(
    (field) => request[field] !== undefined,
  );
  if (request.all === undefined) {
    if (given.length > 0) return filter;
    throw new ValidationFailedError([{ field: 'all', message: 'must be true where no filter is given' }]);
  }
  if (given.length === 0) return 'all';
  throw new ValidationFailedError(given.map((field) => ({ field, message: 'must be left out with all: true' })));
}
