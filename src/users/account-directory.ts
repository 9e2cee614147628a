import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataKeys } from '../crypto/data-keys.js';
import { row } from '../database/sql.js';
import { ValidationFailedError } from '../http/http.errors.js';
import { normaliseLine } from '../http/line-of-text.js';
import { PageCursor, pageOf } from '../http/page.js';
import type { Page } from '../http/page.js';
import { toAccount } from './account.js';
import type { Account } from './account.js';
import { normaliseEmail } from './email-address.js';
import { UserEntity } from './user.entity.js';

export const MAX_SEARCH_CHARACTERS = 256;
const MOST_WORDS = 16;

export const ACCOUNT_STATUSES = ['active', 'disabled', 'unverified'] as const;
export type AccountStatus = (typeof ACCOUNT_STATUSES)[number];

/** Each as its partial index has it. */
const STATUS: Readonly<Record<AccountStatus, string>> = {
  active: 'users.disabled_at IS NULL AND users.email_verified_at IS NOT NULL',
  disabled: 'users.disabled_at IS NOT NULL',
  unverified: 'users.disabled_at IS NULL AND users.email_verified_at IS NULL',
};
/** The expression of the index `users_by_words`. */
const WORDS = `array_to_tsvector(account_words(users.email || ' ' || coalesce(users.name, '')))`;

/**
 * The same order, by no index. Postgres knows nothing of how rare the beginning of a word is, and would rather look at one
 * account after another by id, of which there may be a million without the word, than read the index of words.
 */
const UNINDEXED_ID = 'CAST(users.id AS text) COLLATE "C"';

/** Which accounts are wanted; all that is given must hold. */
export interface AccountFilter {
  /** One line; each of its words must be the beginning of one in the address or the name. */
  readonly search: string | undefined;
  readonly status: AccountStatus | undefined;
  readonly role: string | undefined;
}

export interface PageOfAccounts {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Finds accounts. */
@Injectable()
export class AccountDirectory {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
  ) {}

  /**
   * Lists accounts, the newest first: those that come meanwhile change no further page.
   * @throws ValidationFailedError for a search without a word, and for a cursor of another list or filter
   */
  async list(filter: AccountFilter, { limit, cursor }: PageOfAccounts): Promise<Page<Account>> {
    const cursors = new PageCursor(await this.dataKeys.key('cursors'));
    const list = `users ${JSON.stringify([filter.search ?? null, filter.status ?? null, filter.role ?? null])}`;
    const [before] = cursor === undefined ? [] : cursors.decode(list, cursor);
    const found = await this.find(filter, limit + 1, before);
    const { items, nextCursor } = pageOf(found, limit, ({ id }) => cursors.encode(list, [id]));
    return { items: items.map(toAccount), nextCursor };
  }

  private async find({ search, status, role }: AccountFilter, limit: number, before?: string): Promise<UserEntity[]> {
    const query = this.dataSource.getRepository(UserEntity).createQueryBuilder('users');
    if (search !== undefined) {
      query.andWhere(`${WORDS} @@ CAST(:words AS tsquery)`, { words: await this.wordsOf(search) });
    }
    if (status !== undefined) query.andWhere(STATUS[status]);
    if (role !== undefined) query.andWhere('users.roles @> ARRAY[:role]', { role });
    if (before !== undefined) query.andWhere('users.id < :before', { before });
    return query
      .orderBy(search === undefined ? 'users.id' : UNINDEXED_ID, 'DESC')
      .limit(limit)
      .getMany();
  }

  /**
   * What is searched for, as a text search query. A statement of its own, so that Postgres plans the other one by how common
   * the words are. Nothing but words gets into it: `account_words` leaves out whatever means something in a query.
   */
  private async wordsOf(search: string): Promise<string> {
    const text = normaliseEmail(search) ?? normaliseLine(search, MAX_SEARCH_CHARACTERS) ?? '';
    const found = await row<{ count: number; query: string | null }>(
      this.dataSource,
      `SELECT count(*)::int AS count, string_agg('''' || word || ''':*', ' & ') AS query
       FROM (SELECT DISTINCT unnest(account_words($1)) AS word) AS of`,
      [text],
    );
    if (typeof found?.query !== 'string') throw refused('must have a word in it');
    if (found.count > MOST_WORDS) throw refused(`must be at most ${MOST_WORDS} words`);
    return found.query;
  }
}

const refused = (message: string): ValidationFailedError => new ValidationFailedError([{ field: 'search', message }]);
