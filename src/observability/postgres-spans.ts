import { Client } from 'pg';
import type { OpenSpan, SpanAttributes } from './spans.js';

type Open = (name: string, attributes: SpanAttributes) => OpenSpan | undefined;
type Query = (this: Client, ...values: unknown[]) => unknown;

/** What a name and a text are made of; there are as many as statements in the code. */
const MAX_KNOWN = 1_000;
const MAX_TEXT = 4_000;
const TARGET = /\b(?:from|into|update|table)\s+"?([a-z_][a-z0-9_]*)/i;

interface Statement {
  readonly text: string;
  readonly summary: string;
}

/**
 * Makes a span of each statement that a traced request runs, by wrapping the driver's own method: hooks into modules would have
 * to be there before the first import, and differ from one Node to the next. Of a statement its text is told, in which
 * parameters have numbers, and never their values; of an error its SQLSTATE.
 * @returns what takes the wrapping away again
 */
export function traceStatements(open: Open): () => void {
  const { prototype } = Client;
  const original = Reflect.get(prototype, 'query') as Query;
  const known = new Map<string, Statement>();
  const traced: Query = function (...values) {
    const text = textOf(values[0]);
    const statement = text === undefined ? undefined : (known.get(text) ?? learn(known, text));
    const span = statement && open(statement.summary, attributesOf(this, statement));
    return span ? ending(span, original, this, values) : original.apply(this, values);
  };
  Reflect.set(prototype, 'query', traced);
  return () => {
    if (Reflect.get(prototype, 'query') === traced) Reflect.set(prototype, 'query', original);
  };
}

/** A promise, or a callback at the end, as the driver takes either. */
function ending(span: OpenSpan, original: Query, client: Client, values: unknown[]): unknown {
  const last: unknown = values.at(-1);
  if (typeof last === 'function') {
    const callback = (error: unknown, ...results: unknown[]): unknown => {
      span.end(outcomeOf(error));
      return Reflect.apply(last, undefined, [error, ...results]);
    };
    return original.apply(client, [...values.slice(0, -1), callback]);
  }
  const result = original.apply(client, values);
  Promise.resolve(result).then(
    () => {
      span.end();
    },
    (error: unknown) => {
      span.end(outcomeOf(error));
    },
  );
  return result;
}

/** Undefined of what is no plain statement, such as a cursor. */
function textOf(given: unknown): string | undefined {
  if (typeof given === 'string') return given;
  if (typeof given !== 'object' || given === null || 'submit' in given) return undefined;
  return 'text' in given && typeof given.text === 'string' ? given.text : undefined;
}

function learn(known: Map<string, Statement>, text: string): Statement {
  const plain = text.replaceAll(/\s+/g, ' ').trim();
  const [operation = ''] = plain.split(' ', 1);
  const [, target] = TARGET.exec(plain) ?? [];
  const summary = [operation.toUpperCase(), target].filter((each) => each !== undefined).join(' ');
  const statement = { text: plain.slice(0, MAX_TEXT), summary };
  if (known.size < MAX_KNOWN) known.set(text, statement);
  return statement;
}

const attributesOf = (client: Client, { text, summary }: Statement): SpanAttributes => ({
  'db.system.name': 'postgresql',
  'db.namespace': client.database,
  'db.query.text': text,
  'db.query.summary': summary,
  'server.address': client.host,
  'server.port': client.port,
});

/** A message may quote values. */
function outcomeOf(error: unknown): { failure?: string } {
  if (error === null || error === undefined) return {};
  const code: unknown = typeof error === 'object' ? Reflect.get(error, 'code') : undefined;
  return { failure: typeof code === 'string' && /^\w{1,32}$/.test(code) ? code : 'error' };
}
