import { ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata, Type, ValidationError } from '@nestjs/common';

import type { FieldError } from '../shared/app-error.js';
import { ValidationFailedError } from './http.errors.js';
import { siftUnsafeMembers } from './unsafe-members.js';

/** Of a request with more faults than these, the first are listed. */
const MAX_FIELDS = 50;
const MAX_FIELD_NAME_CHARACTERS = 128;
const UNKNOWN = 'is not a known field';

/** class-validator begins its messages with the field's name, which `field` says already. */
function messageOf(property: string, constraints: Readonly<Record<string, string>>): string {
  if ('whitelistValidation' in constraints) return UNKNOWN;
  const [message = 'is not valid'] = Object.values(constraints);
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}

function fieldsOf(errors: readonly ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const field = `${parent}${property}`;
    const own = constraints ? [{ field, message: messageOf(property, constraints) }] : [];
    return [...own, ...fieldsOf(children ?? [], `${field}.`)];
  });
}

const refusal = (fields: readonly FieldError[]): ValidationFailedError =>
  new ValidationFailedError(
    fields
      .slice(0, MAX_FIELDS)
      .map(({ field, message }) => ({ field: field.slice(0, MAX_FIELD_NAME_CHARACTERS), message })),
  );

/** `?limit=1&limit=2` arrives as a list: which of the two was meant is not ours to guess. */
const repeatedIn = (query: object): FieldError[] =>
  Object.entries(query)
    .filter(([, value]) => Array.isArray(value))
    .map(([field]) => ({ field, message: 'must be given once' }));

class StrictValidationPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      transform: true,
      transformOptions: { enableImplicitConversion: false },
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => refusal(fieldsOf(errors)),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'body' && metadata.type !== 'query') return super.transform(value, metadata);
    // A single member, as `@Body('name')` would take it, has no class to say what it must be.
    if (metadata.metatype === undefined || !this.toValidate(metadata)) return super.transform(value, metadata);
    const given = value ?? (value === undefined ? {} : null);
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw refusal([{ field: metadata.type, message: 'must be a JSON object' }]);
    }
    return this.validateMembers(given, metadata);
  }

  private async validateMembers(given: object, metadata: ArgumentMetadata): Promise<unknown> {
    const sifted = siftUnsafeMembers(given);
    const refused = sifted.unsafe.map((field) => ({ field, message: UNKNOWN }));
    const repeated = metadata.type === 'query' ? repeatedIn(given) : [];
    try {
      const valid: unknown = await super.transform(sifted.value, metadata);
      if (refused.length === 0 && repeated.length === 0) return valid;
    } catch (error) {
      if (!(error instanceof ValidationFailedError)) throw error;
      const others = (error.options.fields ?? []).filter(({ field }) => !repeated.some((each) => each.field === field));
      throw refusal([...repeated, ...others, ...refused]);
    }
    throw refusal([...repeated, ...refused]);
  }
}

const strict = new StrictValidationPipe();

/** The application's one validation: every member is declared by the DTO, nothing is converted, all faults are told. */
export const validationPipe = (): ValidationPipe => strict;

/**
 * The same for guards, which run before pipes.
 * @throws ValidationFailedError naming every field at fault
 */
export async function validateBody<T extends object>(dto: Type<T>, body: unknown): Promise<T> {
  const valid: unknown = await strict.transform(body, { type: 'body', metatype: dto });
  if (valid instanceof dto) return valid;
  throw new TypeError(`${dto.name} was not made`);
}
