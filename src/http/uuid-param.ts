import { Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';

import { isUuid } from '../shared/ids.js';
import { NotFoundError } from './http.errors.js';

/** `@Param('id', UuidParam)`: text that is no id names nothing, so it is not found; it never reaches a query. */
@Injectable()
export class UuidParam implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    if (typeof value !== 'string' || !isUuid(value)) throw new NotFoundError();
    return value;
  }
}
