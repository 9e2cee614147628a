/** The months that events are kept and removed by, as the first day of each in UTC: `2026-11-01`. */

const MONTH = /^(\d{4})-(\d{2})-01$/;

/** The month of a time. */
export const pieceOf = (time: Date): string => `${time.toISOString().slice(0, 7)}-01`;

/** What a date can be told as; ids go on for some hundred years more. */
const LAST_MS = Date.UTC(9999, 11, 31);

/** When an event was made, out of its id: a UUIDv7, whose first 48 bits are milliseconds since 1970 (RFC 9562 §5.7). */
export const timeOfEvent = (id: string): Date =>
  new Date(Math.min(LAST_MS, Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)));

/** The month of an event. */
export const pieceOfEvent = (id: string): string => pieceOf(timeOfEvent(id));

/** The month that is `months` after another. */
export function pieceAfter(piece: string, months = 1): string {
  const [, year, month] = MONTH.exec(piece) ?? [];
  return pieceOf(new Date(Date.UTC(Number(year), Number(month) - 1 + months, 1)));
}

/** Below every event of this time and later, above every earlier one. */
export function firstIdAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** Below every event of the month. */
export const firstIdOf = (piece: string): string => firstIdAt(new Date(`${piece}T00:00:00Z`));
