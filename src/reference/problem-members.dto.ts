import { ApiProperty } from '@nestjs/swagger';
import type { Type } from '@nestjs/common';
import { FieldErrorResponse } from '../http/problem.dto.js';
import type { ErrorCode } from '../shared/error-codes.js';
import { COUNT, MFA_TOKEN } from '../shared/json-formats.js';
import { PASSWORD_FAULTS } from '../users/users.errors.js';
import type { PasswordFault } from '../users/users.errors.js';

/** What `validation_failed` has besides. */
class ValidationMembers {
  /** Every field that was refused, up to fifty. */
  @ApiProperty({ maxItems: 50 })
  errors!: FieldErrorResponse[];
}

/** What `password_weak` has besides. */
class PasswordWeakMembers {
  /** Why; `contextual` is made of the user's own name or address, or of the product's name. */
  @ApiProperty({ enum: PASSWORD_FAULTS, example: 'too_short' })
  reason!: PasswordFault;
}

/** What `mfa_required` has besides, at a sign-in. */
class MfaRequiredMembers {
  /** To be sent with the code: good for five minutes, five codes and one sign-in. */
  @ApiProperty(MFA_TOKEN)
  mfaToken?: string;

  /** What is accepted. */
  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: ['totp', 'recovery_code'] },
    maxItems: 2,
    example: ['totp', 'recovery_code'],
  })
  methods?: string[];
}

/** What `count_mismatch` has besides. */
class CountMismatchMembers {
  /** How many live sessions match now. */
  @ApiProperty(COUNT)
  matched!: number;
}

/** The codes whose problem documents have members of their own. */
export const PROBLEM_MEMBERS: Readonly<Partial<Record<ErrorCode, Type>>> = {
  validation_failed: ValidationMembers,
  password_weak: PasswordWeakMembers,
  mfa_required: MfaRequiredMembers,
  count_mismatch: CountMismatchMembers,
};
