import { Cell } from './cell.js';

/** Somebody who has an account, and what they and the admin last made of it. */
export class Account {
  readonly name: Cell<string | null>;
  readonly role: Cell<string>;
  readonly disabled: Cell<boolean>;
  /** How often a password change was acknowledged, and sent. */
  readonly passwordChanges = { acknowledged: 0, sent: 0 };
  /** How often an admin disabled it and enabled it again, both acknowledged. */
  disabling = 0;
  private changing: Promise<void> = Promise.resolve();

  constructor(
    readonly number: number,
    readonly id: string,
    readonly email: string,
    public password: string,
  ) {
    const of = `of ${email}`;
    this.name = new Cell<string | null>(`the name ${of}`, null);
    this.role = new Cell(`the role ${of}`, '');
    this.disabled = new Cell(`"disabled" ${of}`, false);
  }

  /** Resolves when it is certain which password is the current one. */
  get certain(): Promise<void> {
    return this.changing;
  }

  /** Makes a change after which, for a while, nobody knows which password is the current one. */
  async whileUncertain(work: () => Promise<void>): Promise<void> {
    const changed = this.changing.then(work);
    this.changing = changed.catch(() => undefined);
    await changed;
  }
}
