import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import { errorResponse } from '../error-response.js';
import { PROBLEM_STATUSES } from '../problem-statuses.js';
import { refusalOf, underWayOn } from './parser-refusal.js';
import { courseOf } from './request-course.js';
import { requestIdOf } from './request-id.js';
import { logRefusal } from './request-log.js';
import { securityHeaders } from './security-headers.js';

/** Answers what Node's parser refused before there was a request, then closes the connection. */
export function clientErrorHandler(publicUrl: string): (error: { code?: string }, socket: Socket) => void {
  const headersOf = securityHeaders({ publicUrl, docs: false });
  return (error, socket) => {
    const refusal = refusalOf(error, socket);
    if (!refusal) {
      socket.destroy();
      return;
    }
    const { status } = PROBLEM_STATUSES[refusal.code];
    const course = courseOf(underWayOn(socket));
    const requestId = course?.request?.id ?? requestIdOf(undefined);
    // One that has begun has a line of its own at its end.
    if (!course) logRefusal(socket, status, requestId);
    const { headers, body } = errorResponse(refusal, { publicUrl, requestId, path: '' });
    const lines = Object.entries({
      ...headersOf(''),
      ...headers,
      'x-request-id': requestId,
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    }).map(([name, value]) => `${name}: ${value}`);
    const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines].join('\r\n');
    socket.write(`${head}\r\n\r\n${body}`);
    socket.destroySoon();
  };
}
