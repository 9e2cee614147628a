import fc from 'fast-check';
import { keeper } from './kept.js';

const storage = (text: string | null = null) => {
  const kept = { text, getItem: () => kept.text, setItem: (_name: string, value: string) => (kept.text = value) };
  return kept;
};

describe('what is kept', () => {
  it('is read as it was written, also asynchronously, and the device token outlives the session', async () => {
    const keep = keeper('name', storage());
    await keep.write({ refreshToken: 'rt', deviceToken: 'dt' });
    await keep.write({ key: 'k' });
    expect(await keep.read()).toEqual({ key: 'k', deviceToken: 'dt' });
    await keep.write({ deviceToken: 'next' });
    expect(await keep.read()).toEqual({ deviceToken: 'next' });
    const inMemory = keeper('name', undefined);
    expect(await inMemory.read()).toEqual({});
    await inMemory.write({ key: 'k' });
    expect(await inMemory.read()).toEqual({ key: 'k' });
  });

  it('is nothing where it is not ours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
        expect((await keeper('name', storage(text)).read()).refreshToken).toBeUndefined();
      }),
    );
  });
});
