import { Injectable, Query } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import { ValidationFailedError } from './http.errors.js';

@Injectable()
class NoQueryPipe implements PipeTransform<object, undefined> {
  transform(query: object): undefined {
    const fields = Object.keys(query).map((field) => ({ field: field.slice(0, 128), message: 'is not a known field' }));
    if (fields.length > 0) throw new ValidationFailedError(fields.slice(0, 50));
    return undefined;
  }
}

/** `@NoQuery() _none`: a query is refused, so that what was meant for the body is not passed over. */
export const NoQuery = (): ParameterDecorator => Query(NoQueryPipe);
