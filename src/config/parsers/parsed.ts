/** What a parser made of a variable's text, or what the text must be; never the text itself. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: string };

export const sound = <T>(value: T): Parsed<T> => ({ ok: true, value });
export const faulty = (fault: string): { readonly ok: false; readonly fault: string } => ({ ok: false, fault });
