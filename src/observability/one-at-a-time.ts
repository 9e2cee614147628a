/** Makes a read that callers at the same time share, so that however many ask, one is under way. */
export function oneAtATime<Result>(read: () => Result | Promise<Result>): () => Promise<Result> {
  let underWay: Promise<Result> | undefined;
  return () => {
    underWay ??= Promise.resolve()
      .then(read)
      .finally(() => (underWay = undefined));
    return underWay;
  };
}
