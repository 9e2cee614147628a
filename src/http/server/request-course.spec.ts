import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createConnection } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { RequestCourses } from './request-course.js';
import type { RequestCourse, RequestObserver } from './request-course.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** Counts what it is told. */
class Witness implements RequestObserver {
  begunCount = 0;
  readonly refusals: number[] = [];
  readonly ends: { readonly course: RequestCourse; readonly isAnswered: boolean }[] = [];

  begun(): void {
    this.begunCount += 1;
  }
  refused(status: number): void {
    this.refusals.push(status);
  }
  ended(course: RequestCourse, { writableFinished }: { writableFinished: boolean }): void {
    this.ends.push({ course, isAnswered: writableFinished });
  }
}

let server: Server;
let witness: Witness;
/** Ends the answers that are held back, the oldest first. */
let held: (() => void)[];

beforeEach(async () => {
  held = [];
  server = createServer((_request, response) => {
    held.push(() => response.end('answer'));
  });
  witness = new Witness();
  new RequestCourses({ server }, [{ ended: () => undefined }, witness]);
  server.on('clientError', (_error, socket) => socket.destroy());
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  await once(server.close(), 'close');
});

async function connected(text: string): Promise<Socket> {
  const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1').resume();
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

describe('the course of requests', () => {
  it('begins and ends once for each, however many share a connection', async () => {
    const socket = await connected(GET.repeat(5));
    await until(() => held.length === 5);
    expect([witness.begunCount, witness.ends.length]).toEqual([5, 0]);
    for (const answer of held) answer();
    await until(() => witness.ends.length === 5);
    socket.destroy();
    await once(socket, 'close');
    expect(witness.ends.map(({ isAnswered }) => isAnswered)).toEqual(Array(5).fill(true));
    expect(new Set(witness.ends.map(({ course }) => course)).size).toBe(5);
  });

  it('holds on to no answer that is out, for as long as its connection may live', async () => {
    const socket = await connected(GET.repeat(3));
    await until(() => held.length === 3);
    for (const answer of held) answer();
    await until(() => witness.ends.length === 3);
    expect(witness.ends.map(({ course }) => course.waiting?.size)).toEqual([undefined, 0, 0]);
    socket.destroy();
  });

  it('ends with the connection, also of answers that waited behind another', async () => {
    const socket = await connected(GET.repeat(3));
    await until(() => held.length === 3);
    socket.destroy();
    await until(() => witness.ends.length === 3);
    expect(witness.ends.map(({ isAnswered, course }) => [isAnswered, course.address])).toEqual(
      Array(3).fill([false, '127.0.0.1']),
    );
  });

  it('has the status of what the parser refuses while it comes in, and tells what was never begun apart', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    await connected(`${head}zz\r\n`);
    await until(() => witness.ends.length === 1);
    expect([witness.ends[0]?.course.refusedWith, witness.refusals]).toEqual([400, []]);
    await connected('GOT / HTTP/1.1\r\n\r\n');
    await until(() => witness.refusals.length === 1);
    expect([witness.refusals, witness.begunCount, witness.ends.length]).toEqual([[400], 1, 1]);
  });
});
