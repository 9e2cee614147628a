import { Injectable } from '@nestjs/common';
import { DataKeys } from '../crypto/data-keys.js';
import { PageCursor, pageOf } from './page.js';
import type { Page } from './page.js';

/** Pages of lists that are ordered by id, newest first; a cursor holds for the list that it was made for. */
@Injectable()
export class PageCursors {
  constructor(private readonly dataKeys: DataKeys) {}

  /**
   * The id that a page begins below; undefined for the first page.
   * @throws ValidationFailedError for a cursor that was altered, or made for another list
   */
  async before(list: string, cursor: string | undefined): Promise<string | undefined> {
    return cursor === undefined ? undefined : (await this.cursors()).decode(list, cursor)[0];
  }

  /** @param found one more than `limit` where there is a next page */
  async page<Item extends { readonly id: string }>(
    list: string,
    found: readonly Item[],
    limit: number,
  ): Promise<Page<Item>> {
    const cursors = await this.cursors();
    return pageOf(found, limit, ({ id }) => cursors.encode(list, [id]));
  }

  private async cursors(): Promise<PageCursor> {
    return new PageCursor(await this.dataKeys.key('cursors'));
  }
}
