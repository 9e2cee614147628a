import { Injectable } from '@nestjs/common';
import { DataKeys } from '../../crypto/data-keys.js';
import { PageCursor, pageOf } from '../../http/page.js';
import type { Page } from '../../http/page.js';
import { asSessionId } from '../../shared/ids.js';
import type { SessionId } from '../../shared/ids.js';
import type { Session } from './session.js';

/** Cursors of session lists: the last id of a page, bound to the list that it was made for. */
@Injectable()
export class SessionCursors {
  constructor(private readonly dataKeys: DataKeys) {}

  /** The id that a page begins below; undefined for the first page. */
  async before(list: string, cursor: string | undefined): Promise<SessionId | undefined> {
    if (cursor === undefined) return undefined;
    const [id] = (await this.cursors()).decode(list, cursor);
    return id === undefined ? undefined : asSessionId(id);
  }

  /** @param found one more than `limit` where there is a next page */
  async page(list: string, found: readonly Session[], limit: number): Promise<Page<Session>> {
    const cursors = await this.cursors();
    return pageOf(found, limit, ({ id }) => cursors.encode(list, [id]));
  }

  private async cursors(): Promise<PageCursor> {
    return new PageCursor(await this.dataKeys.key('cursors'));
  }
}
