import { readFileSync } from 'node:fs';
import path from 'node:path';

const NAME = 'gatehouse';

/** The version of this project, from the manifest above the script that runs; `unknown` where there is none. */
export function ownVersion(script = process.argv[1] ?? ''): string {
  for (let folder = path.dirname(path.resolve(script)); ; folder = path.dirname(folder)) {
    const version = versionIn(path.join(folder, 'package.json'));
    if (version !== undefined) return version;
    if (folder === path.dirname(folder)) return 'unknown';
  }
}

function versionIn(file: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof manifest !== 'object' || manifest === null) return undefined;
    const version: unknown = Reflect.get(manifest, 'version');
    return Reflect.get(manifest, 'name') === NAME && typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
