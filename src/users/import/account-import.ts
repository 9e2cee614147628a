import type { DataSource } from 'typeorm';
import type { AuditLog } from '../../audit/audit-log.js';
import type { Executor } from '../../database/sql.js';
import type { Clock } from '../../shared/clock.js';
import { NO_OBJECT, readImportedAccount } from './imported-account.js';
import type { ImportedAccount } from './imported-account.js';
import { insertImported } from './imported-rows.js';
import type { CreatedAccount } from './imported-rows.js';
import { inputLines } from './input-lines.js';
import type { InputLine } from './input-lines.js';

const MAX_LINE_BYTES = 16 * 1024;
const ACCOUNTS_PER_COMMIT = 1_000;
const REFUSED = {
  too_long: { kind: 'refused', reason: `the line must have at most ${MAX_LINE_BYTES} bytes` },
  not_utf8: { kind: 'refused', reason: 'the line must be UTF-8' },
} as const;

/** Hears how it goes, line by line; told nothing of what the lines hold. */
export interface ImportReport {
  refused(line: number, reason: string): void;
  /** Everything up to this line is in the database or was refused. */
  committed(line: number): void;
}

export interface ImportOptions {
  /** The first line that is looked at. */
  readonly fromLine: number;
  /** Ends the import between two commits. */
  readonly signal?: AbortSignal;
}

/** How many lines came to what. */
export interface ImportSummary {
  imported: number;
  /** The address had an account before, or in an earlier line: that one is left as it is. */
  alreadyThere: number;
  refused: number;
}

/** It ended before the input did. What was committed stays. */
export class ImportStoppedError extends Error {
  override readonly name = 'ImportStoppedError';

  constructor(
    /** Where to go on from. */
    readonly nextLine: number,
    override readonly cause: unknown,
  ) {
    super('the import stopped before the end of its input', { cause });
  }
}

/** Takes accounts over from elsewhere. May be repeated: an address that has an account is never changed. */
export class AccountImport {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    private readonly report: ImportReport,
  ) {}

  /**
   * Reads NDJSON, an account a line, and commits a thousand at a time; no more than these are held, however long the input.
   * @throws ImportStoppedError where the input cannot be read on, the database fails or the signal comes
   */
  async run(input: AsyncIterable<Uint8Array>, { fromLine, signal }: ImportOptions): Promise<Readonly<ImportSummary>> {
    const summary = { imported: 0, alreadyThere: 0, refused: 0 };
    let pending: ImportedAccount[] = [];
    let [lastLine, nextLine] = [fromLine - 1, fromLine];
    const commit = async (): Promise<void> => {
      await this.commit(pending, summary);
      pending = [];
      nextLine = lastLine + 1;
      this.report.committed(lastLine);
    };
    try {
      for await (const line of inputLines(input, MAX_LINE_BYTES)) {
        signal?.throwIfAborted();
        if (line.number < fromLine) continue;
        lastLine = line.number;
        pending.push(...this.read(line, summary));
        if (pending.length === ACCOUNTS_PER_COMMIT) await commit();
      }
      if (pending.length > 0) await commit();
      return summary;
    } catch (cause) {
      throw new ImportStoppedError(nextLine, cause);
    }
  }

  /** @returns none of a blank or a bad line */
  private read(line: InputLine, summary: ImportSummary): ImportedAccount[] {
    if (line.kind === 'text' && line.text.trim() === '') return [];
    const reading = line.kind === 'text' ? readImportedAccount(line.text) : REFUSED[line.kind];
    if (reading.kind === 'account') return [reading.account];
    summary.refused += 1;
    const wasCut = reading.reason === NO_OBJECT && !line.ended;
    this.report.refused(line.number, wasCut ? 'the input ends in the middle of the line' : reading.reason);
    return [];
  }

  private async commit(accounts: readonly ImportedAccount[], summary: ImportSummary): Promise<void> {
    const now = this.clock.now();
    const created = await this.dataSource.transaction(async (tx) => {
      const inserted = await insertImported(tx, accounts, now);
      await this.record(tx, inserted, now);
      return inserted;
    });
    summary.imported += created.length;
    summary.alreadyThere += accounts.length - created.length;
  }

  /** One event a commit, and one for each account that may do everything. */
  private async record(tx: Executor, created: readonly CreatedAccount[], at: Date): Promise<void> {
    if (created.length === 0) return;
    const event = { at, outcome: 'success' } as const;
    await this.audit.append({ ...event, type: 'users_imported', details: { accounts: created.length } }, tx);
    for (const { id: userId } of created.filter(({ isAdmin }) => isAdmin)) {
      await this.audit.append({ ...event, type: 'user_created', userId, details: { role: 'admin', by: 'import' } }, tx);
    }
  }
}
