import type { OpenAPIObject } from '@nestjs/swagger';

type PathItem = OpenAPIObject['paths'][string];
export type Operation = NonNullable<PathItem['get']>;
export type Responses = Operation['responses'];
export type Response = Exclude<NonNullable<Responses[string]>, { $ref: string }>;
export type Headers = NonNullable<Response['headers']>;
export type Header = Exclude<Headers[string], { $ref: string }>;
export type Components = NonNullable<OpenAPIObject['components']>;
export type Schema = Exclude<NonNullable<Components['schemas']>[string], { $ref: string }>;
export type SchemaOrReference = NonNullable<Components['schemas']>[string];
export type Parameter = Exclude<NonNullable<Operation['parameters']>[number], { $ref: string }>;
export type Media = NonNullable<Response['content']>[string];

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof METHODS)[number];

export interface Route {
  readonly path: string;
  readonly method: Method;
  readonly operation: Operation;
}

/** Every operation of a document. */
export const routesOf = (document: OpenAPIObject): Route[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method, operation }];
    }),
  );

type Kind = 'schemas' | 'responses' | 'headers' | 'parameters' | 'examples';

export const reference = (kind: Kind, name: string): { $ref: string } => ({ $ref: `#/components/${kind}/${name}` });
