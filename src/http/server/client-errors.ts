import { IncomingMessage, STATUS_CODES, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { AppError } from '../../shared/app-error.js';
import { errorResponse } from '../error-response.js';
import {
  HeadersTooLargeError,
  MalformedRequestError,
  PayloadTooLargeError,
  RequestTimeoutError,
} from '../http.errors.js';
import { requestIdOf } from './request-id.js';
import { securityHeaders } from './security-headers.js';

function nameClientError(code: string | undefined): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new HeadersTooLargeError();
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new PayloadTooLargeError();
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RequestTimeoutError();
    default:
      return new MalformedRequestError();
  }
}

/**
 * True where bytes written now would be read as part of another answer: one that has begun, or that of an
 * earlier, whole request on the same connection.
 */
function isAnswerPending(socket: Socket): boolean {
  const pending: unknown = Reflect.get(socket, '_httpMessage');
  if (!(pending instanceof ServerResponse)) return false;
  const request: unknown = pending.req;
  return pending.headersSent || (request instanceof IncomingMessage && request.complete);
}

/** Answers what Node's parser refused before there was a request, then closes the connection. */
export function clientErrorHandler(publicUrl: string): (error: { code?: string }, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswerPending(socket)) {
      socket.destroy();
      return;
    }
    const requestId = requestIdOf(undefined);
    const { status, headers, body } = errorResponse(nameClientError(error.code), { publicUrl, requestId, path: '' });
    const lines = Object.entries({
      ...securityHeaders('', false),
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
