/** @throws Error where the answer takes longer; what it says then is dropped */
export function within<Result>(limitMs: number, answer: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${limitMs} ms`));
    }, limitMs);
    answer.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
