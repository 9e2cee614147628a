import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** What is read of a schema or header. */
export interface Described {
  readonly type?: unknown;
  readonly required?: unknown;
}

const ID = 'https://gatehouse.invalid/openapi.json';
const SUBSCHEMAS = ['allOf', 'oneOf', 'anyOf'] as const;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/**
 * Refuses members that a schema does not name, wherever an object of its own begins: the document leaves answers open, so
 * that they may gain members, but none may be forgotten in it.
 */
function closed(schema: unknown): unknown {
  const inner = withClosedParts(schema);
  if (!isObject(inner) || 'additionalProperties' in inner) return inner;
  const isOfObjects = '$ref' in inner || 'properties' in inner || SUBSCHEMAS.some((keyword) => keyword in inner);
  return isOfObjects ? { ...inner, unevaluatedProperties: false } : inner;
}

function withClosedParts(schema: unknown): unknown {
  if (!isObject(schema)) return schema;
  const parts = { ...schema };
  for (const keyword of SUBSCHEMAS) {
    if (Array.isArray(parts[keyword])) parts[keyword] = parts[keyword].map(withClosedParts);
  }
  if (isObject(parts.properties)) {
    parts.properties = Object.fromEntries(Object.entries(parts.properties).map(([name, part]) => [name, closed(part)]));
  }
  if ('items' in parts) parts.items = closed(parts.items);
  return parts;
}

/** Every schema of a document, closed where it stands. */
function withClosedSchemas(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withClosedSchemas(item));
  if (!isObject(value)) return value;
  if (key === 'schema' || key === 'x-itemSchema') return closed(value);
  if (key === 'schemas') {
    return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, withClosedParts(schema)]));
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withClosedSchemas(inner, name)]));
}

const escaped = (token: string): string => encodeURIComponent(token.replaceAll('~', '~0').replaceAll('/', '~1'));

/** Compiles the schemas of a document, each when it is asked for. */
export class SchemaOfDocument {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(private readonly document: object) {
    addFormats.default(this.ajv);
    this.ajv.addSchema({ ...(withClosedSchemas(document) as object), $id: ID });
  }

  /** The schema or header at a place of the document. */
  read(at: readonly string[]): Described {
    return at.reduce<object>((value, name) => Reflect.get(value, name) as object, this.document);
  }

  /** How a value differs from the schema at a place: a sentence each. */
  faults(at: readonly string[], value: unknown): string[] {
    const validate = this.validatorOf(at);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message = '', params }) => `${instancePath || 'it'} ${message} ${JSON.stringify(params)}`,
    );
  }

  private validatorOf(at: readonly string[]): ValidateFunction {
    const pointer = `${ID}#/${at.map(escaped).join('/')}`;
    const known = this.compiled.get(pointer);
    if (known) return known;
    const validate = this.ajv.compile({ $ref: pointer });
    this.compiled.set(pointer, validate);
    return validate;
  }
}
