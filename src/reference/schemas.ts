import type { OpenAPIObject } from '@nestjs/swagger';
import type { Schema } from './open-api.js';
import { routesOf } from './open-api.js';
import { Samples } from './samples.js';

/** JSON Schema's `examples` in the place of OpenAPI 3.0's `example`, wherever a schema stands. */
function renameExamples(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && 'example' in value && isSchema(value)) {
    const { example } = value;
    delete (value as { example?: unknown }).example;
    Object.assign(value, { examples: [example] });
  }
  for (const [name, inner] of Object.entries(value)) if (name !== 'examples') renameExamples(inner);
}

const isSchema = (value: object): boolean => ['type', 'enum', 'allOf', 'anyOf'].some((keyword) => keyword in value);

/** The names of the schemas of JSON bodies, whose unknown fields are refused. */
function requestNames(document: OpenAPIObject): Set<string> {
  const bodies = routesOf(document).map(({ operation }) => JSON.stringify(operation.requestBody ?? {}));
  return new Set(
    bodies.flatMap((body) =>
      body.includes('application/json')
        ? [...body.matchAll(/#\/components\/schemas\/(\w+)/g)].flatMap(([, name]) => name ?? [])
        : [],
    ),
  );
}

/** Completes the schemas of a document: an example for each, and no unknown field in a request. */
export function completeSchemas(document: OpenAPIObject): Samples {
  const schemas = document.components?.schemas ?? {};
  const samples = new Samples(schemas);
  renameExamples(document);
  const requests = requestNames(document);
  for (const [name, schema] of Object.entries(schemas)) {
    const example = samples.of(schema);
    const closed: Partial<Schema> = requests.has(name) ? { additionalProperties: false } : {};
    Object.assign(schema, closed, example === undefined ? {} : { examples: [example] });
  }
  return samples;
}
