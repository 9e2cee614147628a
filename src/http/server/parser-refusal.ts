import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { AppError } from '../../shared/app-error.js';
import {
  HeadersTooLargeError,
  MalformedRequestError,
  PayloadTooLargeError,
  RequestTimeoutError,
} from '../http.errors.js';

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

/** The answer that Node writes to a connection, or will, once its request has come in. */
export function underWayOn(socket: Socket): ServerResponse | undefined {
  const pending: unknown = Reflect.get(socket, '_httpMessage');
  return pending instanceof ServerResponse ? pending : undefined;
}

/**
 * True where bytes written now would be read as part of another answer: one that has begun, or that of an
 * earlier, whole request on the same connection.
 */
function isAnswerPending(socket: Socket): boolean {
  const pending = underWayOn(socket);
  if (!pending) return false;
  const request: unknown = pending.req;
  return pending.headersSent || (request instanceof IncomingMessage && request.complete);
}

/** Of HTTP. Anything else is of the connection: lost, or in a TLS handshake, behind which an answer would wait for ever. */
const PARSER_ERROR = /^(?:HPE_|ERR_HTTP_)/;

/** @returns what a client is told of an error of Node's parser; undefined where it can be told nothing any more */
export function refusalOf(error: { code?: string }, socket: Socket): AppError | undefined {
  const isLost = !PARSER_ERROR.test(error.code ?? '') || !socket.writable || isAnswerPending(socket);
  return isLost ? undefined : nameClientError(error.code);
}
