/// <reference lib="dom" />
import path from 'node:path';
import type * as Package from '@gatehouse/client';
import { buildSync } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';

declare global {
  interface Window {
    gatehouse: typeof Package;
    client: Package.Client;
  }
}

/** The package as a frontend's bundler makes it: one file, minified, with all it depends on. */
export function bundleClient(format: 'esm' | 'iife'): string {
  const { outputFiles } = buildSync({
    entryPoints: [path.join(__dirname, '..', 'src', 'index.ts')],
    bundle: true,
    minify: true,
    format,
    globalName: 'gatehouse',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** Has every page of the context start with a client, as `window.client`. */
export async function withClient(
  context: BrowserContext,
  options: { readonly url: string; readonly mode: 'cookie' | 'body'; readonly keepIn?: 'localStorage' },
): Promise<void> {
  const { url, mode, keepIn } = options;
  const storage = keepIn ? `, storage: ${keepIn}` : '';
  const start = `window.client = gatehouse.createClient({ url: ${JSON.stringify(url)}, mode: '${mode}'${storage} });`;
  await context.addInitScript({ content: `${bundleClient('iife')}\nwindow.gatehouse = gatehouse;\n${start}` });
}

/** How a page's client stands, once it knows. */
export const stateOf = (page: Page): Promise<Package.SessionState> =>
  page.evaluate(async () => {
    await window.client.session.ready;
    return window.client.session.state;
  });

/** Refreshes in a page. @returns the code of the error, or undefined where it went well */
export const refreshIn = (page: Page): Promise<string | undefined> =>
  page.evaluate(() =>
    window.client.refresh().then(
      () => undefined,
      (error: unknown) => (error instanceof window.gatehouse.GatehouseError ? error.code : String(error)),
    ),
  );

/** Asks for the account in a page. @returns the status of the answer */
export const statusOfMe = (page: Page): Promise<number> =>
  page.evaluate(async () => (await window.client.api.GET('/api/me')).response.status);

/** All that scripts of the page's origin can read and that outlives the page. */
export const readable = (page: Page): Promise<string> =>
  page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]));
