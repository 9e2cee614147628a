const MAX_CAUSES = 5;

/** The stacks of an error and of what caused it; nothing else of them, since other members may hold values. */
export function stackOf(error: unknown, depth = 0): string {
  const own = error instanceof Error ? (error.stack ?? error.message) : `thrown: ${typeof error}`;
  if (!(error instanceof Error) || error.cause === undefined || depth >= MAX_CAUSES) return own;
  if (typeof error.cause === 'string') return `${own}\ncaused by: ${error.cause}`;
  return `${own}\ncaused by: ${stackOf(error.cause, depth + 1)}`;
}
