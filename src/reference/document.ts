import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { REFRESH_COOKIE } from '../auth/cookies/token-cookies.js';
import { ProblemResponse } from '../http/problem.dto.js';
import { REQUEST_ID } from '../shared/json-formats.js';
import { OauthErrorResponse } from '../tokens/oauth/oauth.dto.js';
import type { Components } from './open-api.js';
import { completeOperations } from './operations.js';
import { PROBLEM_MEMBERS } from './problem-members.dto.js';
import { problemExamples } from './problem-responses.js';
import { EVERY_RESPONSE, headerComponents, headersOfEveryResponse } from './response-headers.js';
import { routeFacts } from './route-facts.js';
import { completeSchemas } from './schemas.js';
import { shareResponses } from './shared-responses.js';
import { TAGS } from './tags.js';

const DESCRIPTION = `Authentication and sessions: short-lived access tokens, rotated refresh tokens, revocation that is immediate.

**Bodies** are JSON in UTF-8, under \`/oauth\` forms; unknown fields are refused. An empty body is \`{}\`. Times are RFC 3339 in UTC, durations whole seconds, ids UUIDv7. Answers may gain members: ignore those that you do not know.

**Errors** are problem documents (RFC 9457), under \`/oauth\` RFC 6749's JSON. \`code\` is one of a closed list, explained at \`/docs/errors\`: decide by it, and treat one that you do not know by its status.

**Lists** are \`{items, nextCursor}\`, newest first; send \`nextCursor\` as \`cursor\` for the next page.

**Limits** are told on every counted route by \`RateLimit-Policy\` and \`RateLimit\` (draft-ietf-httpapi-ratelimit-headers), and a 429 or 503 by \`Retry-After\`.

**Headers.** What \`${EVERY_RESPONSE}\` lists is on every response, too. A route that answers GET answers HEAD alike, without the body.`;

function outline(): Omit<OpenAPIObject, 'paths'> {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Gatehouse')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'The deployment that serves this document, in production and in test alike.')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'An access token: a JWT by RFC 9068, checked as RFC8725 demands. Good for minutes: refresh it.',
    })
    .addBasicAuth({
      type: 'http',
      scheme: 'basic',
      description: 'The `clientId` and `clientSecret` of a service client: 256 random bits, not a person’s password.',
    })
    .addSecurity('refreshCookie', {
      type: 'apiKey',
      in: 'cookie',
      name: REFRESH_COOKIE,
      description:
        'The refresh token of a sign-in with `refreshTokenIn: "cookie"`. A call by it takes `X-Gatehouse: 1`, JSON and an origin that is listed.',
    });
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const built = builder.build();
  for (const server of built.servers ?? []) Object.assign(server, { 'x-internal': false });
  return Object.assign(built, { [EVERY_RESPONSE]: headersOfEveryResponse() });
}

const PARAMETERS = {
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    required: false,
    description: 'The caller’s own id of this request, kept where it is of this form.',
    schema: { type: 'string', ...REQUEST_ID },
  },
};

/** The OpenAPI 3.1 document, made from the code that serves it. */
export function buildOpenApiDocument(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, outline(), {
    extraModels: [ProblemResponse, OauthErrorResponse, ...Object.values(PROBLEM_MEMBERS)],
    operationIdFactory: (_controller, method) => method,
  });
  completeOperations(document, routeFacts(app));
  const components: Components = (document.components ??= {});
  Object.assign(components, { headers: headerComponents(), parameters: PARAMETERS });
  components.examples = problemExamples(completeSchemas(document));
  components.responses = shareResponses(document);
  return document;
}
