import { Readable } from 'node:stream';

/**
 * A body of one JSON object a line, written as fast as the client reads it.
 * @returns once the first is there, so that what fails before is answered as any other error is
 */
export async function ndjsonOf<Item>(items: AsyncGenerator<Item>, toJson: (item: Item) => object): Promise<Readable> {
  const first = await items.next();
  async function* lines(): AsyncGenerator<string> {
    for (let next = first; !next.done; next = await items.next()) yield `${JSON.stringify(toJson(next.value))}\n`;
  }
  return Readable.from(lines(), { objectMode: false, highWaterMark: 64 * 1024 });
}
