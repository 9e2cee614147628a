import { Type } from 'class-transformer';
import { IsArray, IsBoolean, IsInt, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import fc from 'fast-check';

import type { FieldError } from '../shared/app-error.js';
import { ValidationFailedError } from './http.errors.js';
import { validateBody } from './validation.js';

class Inner {
  @IsString()
  name!: string;
}
class Request {
  @MaxLength(5)
  @IsString()
  email!: string;
  @IsOptional()
  @IsBoolean()
  flag?: boolean;
  @IsOptional()
  @IsInt()
  count?: number;
  @IsOptional()
  @ValidateNested()
  @Type(() => Inner)
  inner?: Inner;
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Inner)
  list?: Inner[];
}
class AllOptional {
  @IsOptional()
  @IsString()
  name?: string;
}

async function refusals(body: unknown, dto: new () => object = Request): Promise<readonly FieldError[]> {
  try {
    await validateBody(dto, body);
    return [];
  } catch (error) {
    if (error instanceof ValidationFailedError) return error.options.fields ?? [];
    throw error;
  }
}

describe('a validated body', () => {
  it('is an instance of its class, with what was sent and no more', async () => {
    const valid = await validateBody(Request, { email: 'a@b', inner: { name: 'x' } });
    expect(valid).toBeInstanceOf(Request);
    expect(valid.inner).toBeInstanceOf(Inner);
    expect(JSON.parse(JSON.stringify(valid))).toEqual({ email: 'a@b', inner: { name: 'x' } });
  });

  it('is refused with every field at fault by its path', async () => {
    const fields = await refusals({
      email: 'secret-value',
      flag: 'true',
      count: '1',
      inner: { name: 1, x: 1 },
      list: [{ name: 'a' }, {}],
    });
    expect(fields.map(({ field }) => field).sort()).toEqual([
      'count',
      'email',
      'flag',
      'inner.name',
      'inner.x',
      'list.1.name',
    ]);
    expect(JSON.stringify(fields)).not.toContain('secret-value');
  });

  it.each([[[]], [[{ email: 'a' }]], ['text'], [null], [17], [true]])(
    'is refused if it is %j, even where nothing is required',
    async (body) => {
      const expected = [{ field: 'body', message: 'must be a JSON object' }];
      expect(await refusals(body)).toEqual(expected);
      expect(await refusals(body, AllOptional)).toEqual(expected);
    },
  );

  it('is {} where it is missing', async () => {
    expect(await refusals(undefined)).toEqual([{ field: 'email', message: 'must be a string' }]);
    expect(await refusals(undefined, AllOptional)).toEqual([]);
  });

  it.each([...Object.getOwnPropertyNames(Object.prototype), 'prototype'])(
    'is refused with the member %s, at any depth',
    async (name) => {
      const hostile = (): unknown => JSON.parse(`{"${name}":"x"}`);
      const unknown = (field: string): FieldError => ({ field, message: 'is not a known field' });
      expect(await refusals({ ...(JSON.parse(`{"email":"a"}`) as object), inner: hostile() })).toContainEqual(
        unknown(`inner.${name}`),
      );
      expect(await refusals(JSON.parse(`{"name":"a","${name}":1}`), AllOptional)).toEqual([unknown(name)]);
      expect(await refusals({ email: 'a', list: [hostile()] })).toContainEqual(unknown(`list.0.${name}`));
    },
  );

  it('is refused in a bounded answer, however much is wrong', async () => {
    const body = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`${'x'.repeat(200)}${index}`, 1]));
    const fields = await refusals(body);
    expect(fields).toHaveLength(50);
    expect(Math.max(...fields.map(({ field }) => field.length))).toBeLessThanOrEqual(128);
  });

  it('is refused or taken, and never makes the validation itself fail', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (body) => {
        await refusals(body);
        await refusals({ email: 'a', inner: body, list: body, flag: body });
      }),
    );
  });
});
