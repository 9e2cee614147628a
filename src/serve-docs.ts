import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { buildOpenApiDocument } from './reference/document.js';
import { ERRORS_PAGE_CSP, errorsPage } from './reference/errors-page.js';

/**
 * Serves the reference at `/docs`, the document at `/openapi.json` and, at `/docs/errors`, where the `type` of every problem
 * document leads. Each is made when it is asked for.
 */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => buildOpenApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Gatehouse API',
  });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/docs/errors', (_request, reply) => {
    void reply.type('text/html; charset=utf-8').header('content-security-policy', ERRORS_PAGE_CSP).send(errorsPage());
  });
}
