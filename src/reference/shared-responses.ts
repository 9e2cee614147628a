import type { OpenAPIObject } from '@nestjs/swagger';
import { PROBLEM_JSON } from '../http/problem.dto.js';
import type { Response } from './open-api.js';
import { reference, routesOf } from './open-api.js';

const pascal = (code: string): string =>
  code.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** After the codes that it tells of, such as `RateLimited` or `RefreshInvalidOrSessionRevoked`. */
function nameOf({ content = {} }: Response): string | undefined {
  const [only, other] = Object.keys(content);
  const examples = content[PROBLEM_JSON]?.examples;
  if (only !== PROBLEM_JSON || other !== undefined || !examples) return undefined;
  return Object.keys(examples).map(pascal).join('Or');
}

/** Says once what several routes answer alike: their responses become components of the document. */
export function shareResponses(document: OpenAPIObject): Record<string, Response> {
  const all = routesOf(document).flatMap(({ operation }) =>
    Object.entries(operation.responses).flatMap(([status, response]) => {
      const name = response && !('$ref' in response) ? nameOf(response) : undefined;
      return name === undefined ? [] : [{ name, text: JSON.stringify(response), operation, status }];
    }),
  );
  const usesOf = (text: string): number => all.filter((other) => other.text === text).length;
  const shared = new Map<string, string>();
  for (const { name, text } of all) {
    // Of two that tell of the same codes, with other headers or schemas, the more common one has the name.
    if (usesOf(text) > Math.max(1, usesOf(shared.get(name) ?? ''))) shared.set(name, text);
  }
  for (const { name, text, operation, status } of all) {
    if (shared.get(name) === text) operation.responses[status] = reference('responses', name);
  }
  return Object.fromEntries([...shared].map(([name, text]) => [name, JSON.parse(text) as Response]));
}
