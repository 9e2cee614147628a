import { openTabs } from './tabs.js';

describe('where nothing is shared', () => {
  it('does one thing at a time, in order, and goes on after one that failed', async () => {
    const tabs = openTabs(undefined, () => undefined);
    const course: string[] = [];
    const work =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        course.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        course.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const done = await Promise.allSettled([tabs.alone(work('a')), tabs.alone(work('b', true)), tabs.alone(work('c'))]);
    expect(course).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(done.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});
