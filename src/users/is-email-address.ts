import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { EMAIL } from '../shared/json-formats.js';
import { normaliseEmail } from './email-address.js';

/** Accepts what `normaliseEmail` accepts; the value itself is left as it came. */
export const IsEmailAddress = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty(EMAIL),
    ValidateBy({
      name: 'isEmailAddress',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && normaliseEmail(value) !== undefined,
        defaultMessage: () => 'must be an e-mail address',
      },
    }),
  );
