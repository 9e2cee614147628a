const UNSAFE: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);

export interface Sifted {
  /** The value without the members in `unsafe`. */
  readonly value: unknown;
  /** Paths such as `profile.__proto__`. */
  readonly unsafe: readonly string[];
}

function siftInto(unsafe: string[], value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, index) => siftInto(unsafe, item, `${path}${index}.`));
  const kept: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    if (UNSAFE.has(name)) unsafe.push(`${path}${name}`);
    else kept.push([name, siftInto(unsafe, inner, `${path}${name}.`)]);
  }
  return Object.fromEntries(kept);
}

/**
 * Separates members named like one that every object inherits (`constructor`, `toString`, …). class-validator drops these
 * without a word instead of refusing them as unknown. The value is one that was parsed from JSON or a query: a tree.
 */
export function siftUnsafeMembers(value: unknown): Sifted {
  const unsafe: string[] = [];
  return { value: siftInto(unsafe, value, ''), unsafe };
}
