import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SchemaOfDocument } from './described-schema.js';
import { PROJECT } from './manifests.js';

/** An answer as `fetch` has it, read whole. */
interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface ResponseObject {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, { readonly $ref: string }>>;
  readonly content?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, ResponseObject>> }>>>
  >;
  readonly components: { readonly responses: Readonly<Record<string, ResponseObject>> };
  readonly 'x-headers-of-every-response': Readonly<Record<string, { readonly required: boolean }>>;
}

/** Of HTTP itself, which OpenAPI leaves out; the type of the content is compared with `content`. */
const OF_HTTP = new Set(['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'transfer-encoding']);
/** Preflights belong to no route; the reference itself is served by another package. */
const UNDESCRIBED = /^(?:OPTIONS |(?:GET|HEAD) \/(?:docs(?:[/?]|$)|openapi\.json))/;
const LINES = 'application/x-ndjson';
const EVENTS = 'text/event-stream';
const STREAMS = new Set([LINES, EVENTS]);
const BASE = 'http://any';
const EVERY = 'x-headers-of-every-response';

/** Of a request target too that is no URL, which reaches no route. */
const pathOf = (target: string): string => (URL.canParse(target, BASE) ? new URL(target, BASE).pathname : target);

/** The JSON objects of a stream, as far as it has come. */
function itemsOf(type: string, text: string): string[] {
  if (type === LINES) return text.split('\n').filter((line) => line !== '');
  const data = text
    .split('\n\n')
    .slice(0, -1)
    .map((block) => /^event: revocation\n(?:id: .*\n)?data: (.*)$/.exec(block)?.[1]);
  return data.filter((found) => found !== undefined);
}

let loaded: Description | undefined;

/** The document as it is committed; `npm run openapi:check` holds it to the code. */
class Description {
  private readonly document = JSON.parse(readFileSync(path.join(PROJECT, 'openapi.json'), 'utf8')) as Document;
  private readonly schema = new SchemaOfDocument(this.document);
  private readonly templates = Object.keys(this.document.paths).map((template) => ({
    template,
    // The router is told of no path that has an empty part.
    shape: new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));
  private readonly every = Object.keys(this.document[EVERY]);

  faultsOf(method: string, url: string, answer: Answered): string[] {
    const found = this.find(method, pathOf(url), answer.status);
    if (typeof found === 'string') return [found];
    const { response, at } = found;
    return [...this.headerFaults(response, answer), ...this.bodyFaults(method, response, at, answer)];
  }

  /** The response of a route; what no route answers is an error of one kind or the other. */
  private find(method: string, pathname: string, status: number): { response: ResponseObject; at: string[] } | string {
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const known = this.templates.find(
      ({ template, shape }) => shape.test(pathname) && this.document.paths[template]?.[verb] !== undefined,
    )?.template;
    if (known === undefined) return this.refusal(pathname, status);
    const response = this.document.paths[known]?.[verb]?.responses[String(status)];
    if (response === undefined) return `the status ${status} is not declared`;
    return this.resolve(response, ['paths', known, verb, 'responses', String(status)]);
  }

  private refusal(pathname: string, status: number): { response: ResponseObject; at: string[] } | string {
    if (status < 400) return 'the route is not declared';
    // Any route that declares the status tells what one looks like.
    const [like, verb] = pathname.startsWith('/oauth')
      ? ['/oauth/introspect', 'post']
      : ['/api/admin/users/{id}', 'patch'];
    const response = this.document.paths[like]?.[verb]?.responses[String(status)];
    return response
      ? this.resolve(response, ['paths', like, verb, 'responses', String(status)])
      : `no route answers ${status}, and there is none here`;
  }

  private resolve(response: ResponseObject, at: string[]): { response: ResponseObject; at: string[] } {
    const name = response.$ref?.split('/').at(-1);
    if (name === undefined) return { response, at };
    return { response: this.document.components.responses[name] ?? {}, at: ['components', 'responses', name] };
  }

  private headerFaults({ headers = {} }: ResponseObject, answer: Answered): string[] {
    const declared = new Map<string, readonly string[]>([
      ...this.every.map((name) => [name.toLowerCase(), [EVERY, name]] as const),
      ...Object.keys(headers).map((name) => [name.toLowerCase(), ['components', 'headers', name]] as const),
    ]);
    const missing = [...declared].filter(
      ([name, at]) => !answer.headers.has(name) && this.schema.read(at).required === true,
    );
    const sent = [...answer.headers].filter(([name]) => !OF_HTTP.has(name));
    return [
      ...missing.map(([name]) => `the header ${name} is missing`),
      ...sent.flatMap(([name, value]) => {
        const at = declared.get(name);
        if (!at) return [`the header ${name} is not declared`];
        const read = this.schema.read([...at, 'schema']).type === 'integer' ? Number(value) : value;
        return this.schema.faults([...at, 'schema'], read).map((fault) => `the header ${name}: ${value}: ${fault}`);
      }),
    ];
  }

  private bodyFaults(method: string, { content }: ResponseObject, at: string[], { headers, text }: Answered): string[] {
    const [type = ''] = (headers.get('content-type') ?? '').split(';');
    const media = content?.[type];
    // Of nothing at all an export is empty.
    const mayBeEmpty = !content || method === 'HEAD' || STREAMS.has(type);
    if (text === '') return mayBeEmpty ? [] : ['there is no body'];
    if (!media) return [`the content type ${type} is not declared`];
    const place = [...at, 'content', type];
    if (!STREAMS.has(type)) return this.schema.faults([...place, 'schema'], JSON.parse(text));
    return itemsOf(type, text).flatMap((item) => this.schema.faults([...place, 'x-itemSchema'], JSON.parse(item)));
  }
}

/**
 * Holds an answer to the OpenAPI document: its status, each of its headers, the type of its content and every member of its
 * body are declared, and as they are declared. What comes through a proxy (`HttpsApi`) is not: that has answers of its own.
 * @throws Error saying what is not
 */
export function expectDescribed(method: string, url: string, answer: Answered): void {
  const pathname = pathOf(url);
  if (UNDESCRIBED.test(`${method} ${pathname}`)) return;
  loaded ??= new Description();
  const faults = loaded.faultsOf(method, url, answer);
  if (faults.length === 0) return;
  const told = faults.map((fault) => `  - ${fault}`).join('\n');
  // What is granted holds tokens, which say nothing here.
  const body = answer.status < 400 ? '' : `\n${answer.text.slice(0, 600)}`;
  throw new Error(`openapi.json does not describe ${method} ${pathname} ${answer.status}:\n${told}${body}`);
}
