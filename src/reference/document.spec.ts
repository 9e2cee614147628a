import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { PROBLEM_STATUSES } from '../http/problem-statuses.js';

interface Documented {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
}
interface Document {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly examples?: readonly unknown[] }>>;
    readonly examples: Readonly<Record<string, { readonly value: unknown }>>;
  };
}

const document = JSON.parse(readFileSync('openapi.json', 'utf8')) as Document;
const operations = Object.values(document.paths).flatMap((item) => Object.values(item));

describe('openapi.json', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ ...document, $id: 'https://gatehouse.invalid/openapi.json' });
  const faultsOf = (schema: string, value: unknown): unknown => {
    const validate = ajv.compile({ $ref: `https://gatehouse.invalid/openapi.json#/components/schemas/${schema}` });
    return validate(value) ? [] : validate.errors;
  };

  it('has an id, a summary, a description and a described tag for every operation', () => {
    const described = new Set(document.tags.filter(({ description }) => description !== '').map(({ name }) => name));
    const lacking = operations.filter(
      ({ summary, description, tags }) =>
        !/^[A-Z]/.test(summary) || description === '' || tags.length === 0 || !tags.every((tag) => described.has(tag)),
    );

    expect(lacking).toEqual([]);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  it.each(Object.entries(document.components.schemas))(
    'has an example of %s, which is one',
    (name, { examples = [] }) => {
      expect(examples).toHaveLength(1);
      expect(faultsOf(name, examples[0])).toEqual([]);
    },
  );

  it('has an example of every error code, which is a problem document', () => {
    const examples = Object.entries(document.components.examples);

    expect(examples.map(([code]) => code).toSorted()).toEqual(Object.keys(PROBLEM_STATUSES).toSorted());
    for (const [code, { value }] of examples) {
      expect(faultsOf('ProblemResponse', value)).toEqual([]);
      expect(value).toMatchObject({ code, status: PROBLEM_STATUSES[code as keyof typeof PROBLEM_STATUSES].status });
    }
  });
});
