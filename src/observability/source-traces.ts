import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PLACE = /(?<file>file:\/\/[^\s()]+\.js):(?<line>\d+):(?<column>\d+)/;
const CALLS = '\n    at ';

/**
 * Makes stacks name the lines of our sources. Node's `--enable-source-maps` does so too, but keeps the map of every module,
 * every library's among them, from the moment it is loaded, which is 11 MB; here a map is read when an error first needs it.
 */
export function traceToSources(): void {
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (file: string): SourceMap | undefined => {
    if (!maps.has(file)) maps.set(file, readMap(file));
    return maps.get(file);
  };
  Error.prepareStackTrace = (error, frames) =>
    [titleOf(error), ...frames.map((frame: { toString(): string }) => inSource(frame.toString(), mapOf))].join(CALLS);
}

function inSource(frame: string, mapOf: (file: string) => SourceMap | undefined): string {
  const { file, line, column } = PLACE.exec(frame)?.groups ?? {};
  if (file === undefined || file.includes('/node_modules/')) return frame;
  const entry = mapOf(fileURLToPath(file))?.findEntry(Number(line) - 1, Number(column) - 1);
  if (!entry || !('originalSource' in entry)) return frame;
  const source = path.resolve(path.dirname(fileURLToPath(file)), entry.originalSource);
  return frame.replace(PLACE, () => `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`);
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload);
  } catch {
    return undefined; // None was built, or it is no more: the place in the built file has to do.
  }
}

function titleOf(error: Error): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}
