import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** 2 is an error. */
  readonly status: number;
  readonly service: string;
}

type Fields = Map<number, (Buffer | number)[]>;

const none: Fields = new Map();

/** The fields of a message of Protocol Buffers by their numbers; see opentelemetry-proto for what they mean. */
function fieldsOf(bytes: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): number => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('a message was cut off');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('a message was cut off');
    return bytes.subarray(at, (at += length));
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    const value = wire === 0 ? varint() : wire === 1 ? take(8) : wire === 2 ? take(varint()) : take(4);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

const messages = (fields: Fields, field: number): Fields[] =>
  (fields.get(field) ?? []).filter((each) => typeof each !== 'number').map((each) => fieldsOf(each));
const bytesOf = (fields: Fields, field: number): Buffer => {
  const [value] = fields.get(field) ?? [];
  return typeof value === 'object' ? value : Buffer.alloc(0);
};
const numberOf = (fields: Fields, field: number): number => {
  const [value] = fields.get(field) ?? [];
  return typeof value === 'number' ? value : 0;
};
const attributesOf = (fields: Fields, field: number): Record<string, string | number> =>
  Object.fromEntries(
    messages(fields, field).map((pair) => {
      const [value = none] = messages(pair, 2);
      return [bytesOf(pair, 1).toString(), value.has(1) ? bytesOf(value, 1).toString() : numberOf(value, 3)];
    }),
  );

function spansIn(body: Buffer): ReceivedSpan[] {
  return messages(fieldsOf(body), 1).flatMap((perResource) => {
    const [resource = none] = messages(perResource, 1);
    const service = String(attributesOf(resource, 1)['service.name']);
    return messages(perResource, 2).flatMap((perScope) =>
      messages(perScope, 2).map((span) => ({
        traceId: bytesOf(span, 1).toString('hex'),
        spanId: bytesOf(span, 2).toString('hex'),
        parentSpanId: bytesOf(span, 4).toString('hex'),
        name: bytesOf(span, 5).toString(),
        kind: numberOf(span, 6),
        attributes: attributesOf(span, 9),
        status: numberOf(messages(span, 15)[0] ?? none, 3),
        service,
      })),
    );
  });
}

/** A collector of traces on the loopback: OTLP over HTTP, as protobuf. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** All that came, undecoded. */
  bytes = Buffer.alloc(0);
  readonly paths = new Set<string>();
  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      this.paths.add(`${request.method ?? ''} ${request.url ?? ''} ${request.headers['content-type'] ?? ''}`);
      this.bytes = Buffer.concat([this.bytes, body]);
      this.spans.push(...spansIn(body));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
