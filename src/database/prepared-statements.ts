const names = new Map<string, string>();

/**
 * Marks a statement of which Postgres keeps the plan, once a connection: parsing and planning a short one anew each time takes
 * more of its processor than running it. Only for texts that never change, since each is kept for as long as its connection.
 * @returns the same text; behind a pooler that hands connections on it is sent as any other
 */
export function prepared(text: string): string {
  names.set(text, `gatehouse_${names.size + 1}`);
  return text;
}

/** The name under which a statement is kept, unique in this process; undefined for one that is not. */
export const preparedName = (text: string): string | undefined => names.get(text);
