import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { loadAppConfig } from './config/load-app-config.js';
import { createApp } from './configure-app.js';
import { buildOpenApiDocument } from './reference/document.js';
import { errorsMarkdown } from './reference/errors-markdown.js';

/** Makes the document from the routes alone: nothing is connected to, and nothing listens. */
async function currentDocument(): Promise<string> {
  const secret = (): string => randomBytes(32).toString('base64url');
  const config = loadAppConfig({
    NODE_ENV: 'development',
    JWT_SECRET: secret(),
    REFRESH_SECRET: secret(),
    DATABASE_URL: 'postgres://localhost/none',
    DOCS: 'off',
    LOG_LEVEL: 'error',
  });
  Logger.overrideLogger(['error']);
  const app = await createApp({ config, connect: 'never' });
  return `${JSON.stringify(buildOpenApiDocument(app), null, 2)}\n`;
}

const made = { 'openapi.json': await currentDocument(), 'docs/errors.md': errorsMarkdown() };
for (const [file, text] of Object.entries(made)) {
  if (process.argv.includes('--write')) {
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    process.stderr.write(`${file} is not what the code serves. Run \`npm run openapi\` and commit it.\n`);
    process.exitCode = 1;
  }
}
