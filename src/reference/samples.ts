import type { Schema, SchemaOrReference } from './open-api.js';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Examples of whole schemas, put together from those of their properties. */
export class Samples {
  constructor(private readonly schemas: Readonly<Record<string, SchemaOrReference>>) {}

  /** @returns undefined where a schema, or one that it consists of, says nothing of what its values look like */
  of(schema: SchemaOrReference): unknown {
    if ('$ref' in schema) {
      const named = this.schemas[schema.$ref.slice('#/components/schemas/'.length)];
      return named && this.of(named);
    }
    if (schema.example !== undefined) return schema.example;
    const { examples } = schema as { examples?: readonly unknown[] };
    if (examples) return examples[0];
    if (schema.enum) return schema.enum[0] as unknown;
    if (schema.default !== undefined) return schema.default;
    return this.ofParts(schema);
  }

  private ofParts({ allOf, oneOf, anyOf, type, items, properties }: Schema): unknown {
    if (allOf) return Object.assign({}, ...allOf.map((part) => this.of(part)).filter(isObject)) as unknown;
    const [first] = oneOf ?? anyOf ?? [];
    if (first) return this.of(first);
    if (type === 'array' && items) return [this.of(items)];
    if (type !== 'object') return undefined;
    const members = Object.entries(properties ?? {}).map(([name, property]) => [name, this.of(property)] as const);
    return Object.fromEntries(members.filter(([, value]) => value !== undefined));
  }
}
