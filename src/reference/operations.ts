import type { OpenAPIObject } from '@nestjs/swagger';
import { RATE_LIMITS, RATE_LIMIT_WINDOW_SECONDS } from '../security/rate-limit.decorator.js';
import type { RateLimitPolicy } from '../security/rate-limit.decorator.js';
import type { ErrorCode } from '../shared/error-codes.js';
import { ID } from '../shared/json-formats.js';
import type { Operation, Parameter, Response, Responses, Route } from './open-api.js';
import { reference, routesOf } from './open-api.js';
import { problemResponses } from './problem-responses.js';
import { headersNamed, headersOf } from './response-headers.js';
import type { RouteFacts } from './route-facts.js';

const OF_EVERY_ROUTE: readonly ErrorCode[] = [
  'malformed_request',
  'request_timeout',
  'headers_too_large',
  'internal_error',
];
const OF_BODIES: readonly ErrorCode[] = ['malformed_json', 'payload_too_large', 'unsupported_media_type'];
const COOKIE_SCHEME = 'refreshCookie';

const PER = {
  client: 'each client’s network',
  user: 'each user; without a good access token, for each client’s network',
  service: 'each service client; without its credentials, for each client’s network',
} as const;

const DONE: Readonly<Record<number, string>> = {
  200: 'The answer.',
  201: 'Made.',
  202: 'Accepted; what follows is mailed.',
  204: 'Done; there is nothing to say.',
};

function codesOf({ path, method, operation }: Route, { codes }: RouteFacts): ErrorCode[] {
  const isProbe = path.startsWith('/health/');
  const isOauth = path.startsWith('/oauth/');
  const hasBody = method === 'post' || method === 'patch';
  const hasQuery = operation.parameters?.some((parameter) => 'in' in parameter && parameter.in === 'query') ?? false;
  const isChecked = !isOauth && (operation.requestBody !== undefined || hasQuery);
  return [
    ...OF_EVERY_ROUTE,
    ...codes,
    ...(isProbe ? [] : (['https_required'] as const)),
    ...(hasBody ? OF_BODIES.filter((code) => !isOauth || code !== 'malformed_json') : []),
    ...(isChecked ? (['validation_failed'] as const) : []),
    // Also of what is in memory, while a start waits for Postgres.
    ...(isProbe ? [] : (['unavailable'] as const)),
  ];
}

/** The first sentence is the summary. */
function describe(operation: Operation, { role, rateLimit }: RouteFacts): void {
  const comment = (operation.summary ?? '').replaceAll(/\s+/g, ' ').trim();
  const [summary = ''] = comment.split(/\.(?=\s|$)/);
  const facts = [
    comment.slice(summary.length + 1).trim(),
    role === undefined ? '' : `For users with the role \`${role}\` who have signed in recently.`,
    rateLimit === undefined ? '' : limitOf(rateLimit),
  ].filter((text) => text !== '');
  operation.summary = summary;
  operation.description = facts.length > 0 ? facts.join('\n\n') : comment;
}

function limitOf(policy: RateLimitPolicy): string {
  const { quota, per } = RATE_LIMITS[policy];
  return `Limit \`${policy}-requests\`: ${quota} in ${RATE_LIMIT_WINDOW_SECONDS} s for ${PER[per]}.`;
}

/** Requests that need no credentials may still have some. */
function secure(operation: Operation, { role, authenticates }: RouteFacts): void {
  const known = operation.security ?? [];
  const required = role === undefined ? known : known.map((scheme) => mapValues(scheme, () => [role]));
  operation.security = authenticates || known.length === 0 ? required : [...required, {}];
}

const mapValues = (scheme: Record<string, string[]>, to: () => string[]): Record<string, string[]> =>
  Object.fromEntries(Object.keys(scheme).map((name) => [name, to()]));

function addParameters(operation: Operation, { cookie }: RouteFacts): void {
  const own = (operation.parameters ?? []).map((parameter) =>
    'in' in parameter && parameter.in === 'path' ? idParameter(parameter) : parameter,
  );
  const cookies: Parameter[] = cookie
    ? [{ name: cookie.name, in: 'cookie', required: false, description: cookie.description, schema: cookie.form }]
    : [];
  operation.parameters = [...own, ...cookies, reference('parameters', 'RequestId')];
}

const idParameter = (parameter: Parameter): Parameter => ({
  ...parameter,
  description: 'Its id; text that is none names nothing.',
  schema: { type: 'string', format: ID.format, minLength: ID.minLength, maxLength: ID.maxLength },
  example: ID.example,
});

function succeed(responses: Responses, isCounted: boolean): Responses {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]): [string, Responses[string]] => {
      if (response === undefined || '$ref' in response) return [status, response];
      const description = response.description === '' ? (DONE[Number(status)] ?? 'Done.') : response.description;
      return [
        status,
        { ...response, description, headers: { ...headersOf(Number(status), isCounted), ...response.headers } },
      ];
    }),
  );
}

/** Both of a status that has an answer of its own besides problems: of `/health/ready`. */
function together(one: Response, other: Responses[string]): Response {
  if (other === undefined || '$ref' in other) return one;
  return {
    ...one,
    description: `${one.description} Or ${other.description}`,
    content: { ...one.content, ...other.content },
  };
}

/** Completes what a controller says of its routes by what holds for all of them. */
export function completeOperations(document: OpenAPIObject, facts: ReadonlyMap<string, RouteFacts>): void {
  for (const route of routesOf(document)) {
    const { path, operation } = route;
    const known = facts.get(operation.operationId ?? '');
    if (!known) throw new Error(`${path} has no handler of the name ${operation.operationId ?? ''}`);
    describe(operation, known);
    secure(operation, known);
    addParameters(operation, known);
    relaxBody(operation, document);
    const isCounted = known.rateLimit !== undefined;
    const own = succeed(operation.responses, isCounted);
    const problems = problemResponses(codesOf(route, known), { isCounted, isOauth: path.startsWith('/oauth/') });
    for (const [status, response] of Object.entries(own)) {
      if (response && !('$ref' in response)) problems[status] = together(response, problems[status]);
    }
    operation.responses = problems;
    clearCookie(operation);
  }
}

/** A body of which nothing is required may be left out. */
function relaxBody({ requestBody }: Operation, { components }: OpenAPIObject): void {
  if (!requestBody || '$ref' in requestBody) return;
  const [media] = Object.values(requestBody.content);
  const name = media?.schema && '$ref' in media.schema ? media.schema.$ref.split('/').at(-1) : undefined;
  const schema = name === undefined ? undefined : components?.schemas?.[name];
  if (schema && !('$ref' in schema)) requestBody.required = (schema.required ?? []).length > 0;
}

/** A refresh by cookie that finds its session ended clears it. */
function clearCookie(operation: Operation): void {
  const refused = operation.responses['401'];
  const takesCookie = operation.security?.some((scheme) => COOKIE_SCHEME in scheme);
  if (takesCookie && refused && !('$ref' in refused))
    Object.assign(refused.headers ?? {}, headersNamed(['Set-Cookie']));
}
