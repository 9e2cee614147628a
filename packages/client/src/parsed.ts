/** @returns what the JSON says; undefined for no text and for what is no JSON */
export function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
