import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { ConfigFault } from './config-error.js';
import { VARIABLES } from './schema.js';

/** What the environment says about the known variables, and what could not be read. */
export interface EnvironmentReading {
  readonly values: Record<string, string>;
  readonly faults: ConfigFault[];
}

export type ReadFile = (path: string) => string;

/** Fails on what is not UTF-8: bytes silently replaced would leave a secret with hardly any. */
const readText: ReadFile = (path) => new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));

/**
 * Reads every known variable: `NAME`, or the content of the file that `NAME_FILE` names without its last line break.
 * An empty variable is an unset one.
 */
export function readEnvironment(env: NodeJS.ProcessEnv, readFile: ReadFile = readText): EnvironmentReading {
  const values: Record<string, string> = {};
  const faults: ConfigFault[] = [];
  for (const name of VARIABLES) {
    const text = env[name];
    const path = env[fileVariable(name)];
    if (text && path) {
      faults.push({ variable: name, message: `must be set by itself or by ${fileVariable(name)}, not by both` });
    } else if (text) {
      values[name] = text;
    } else if (path) {
      const content = contentOf(path, readFile);
      if (content === undefined) {
        faults.push({ variable: fileVariable(name), message: 'must name a readable file with UTF-8 text in it' });
      } else {
        values[name] = content;
      }
    }
  }
  return { values, faults };
}

/**
 * Reads the environment of a start: in development also `.env` of the directory, which fills in what is unset.
 * Production reads no `.env`, so that one left in an image or a work directory decides nothing.
 */
export function loadEnvironment(
  env: NodeJS.ProcessEnv = process.env,
  directory: string = process.cwd(),
): EnvironmentReading {
  if (env.NODE_ENV === 'production') {
    return readEnvironment(env);
  }
  const file = parseDotEnv(directory);
  const reading = readEnvironment(file === undefined ? env : over(file, env));
  if (file === undefined) {
    reading.faults.push({ variable: '.env', message: 'must be readable UTF-8 text' });
  }
  if (reading.values.NODE_ENV === 'production') {
    reading.faults.push({ variable: 'NODE_ENV', message: 'must not be production in .env, which is for development' });
  }
  return reading;
}

const fileVariable = (name: string): string => `${name}_FILE`;

function contentOf(path: string, readFile: ReadFile): string | undefined {
  try {
    return readFile(path).replace(/\r?\n$/, '') || undefined;
  } catch {
    // The reason may hold the path or the content; the variable's name is all that is told.
    return undefined;
  }
}

/** The environment over `.env`, variable by variable: one set in either way hides both ways of the file. */
function over(file: NodeJS.Dict<string>, env: NodeJS.ProcessEnv): NodeJS.Dict<string> {
  const merged = { ...file };
  for (const name of VARIABLES) {
    const ways = [name, fileVariable(name)];
    if (ways.some((way) => env[way])) {
      ways.forEach((way) => (merged[way] = env[way]));
    }
  }
  return merged;
}

/** What `.env` sets: nothing where there is none, undefined where it cannot be read. */
function parseDotEnv(directory: string): NodeJS.Dict<string> | undefined {
  const path = join(directory, '.env');
  try {
    return existsSync(path) ? parseEnv(readText(path)) : {};
  } catch {
    return undefined;
  }
}
