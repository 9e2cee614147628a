import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';

import { clientErrorHandler } from './client-errors.js';

/** What the handler writes for an error of this code to a client that has sent nothing. */
function answerTo(code: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      clientErrorHandler('https://auth.example.com')({ code }, socket);
    }).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      let text = '';
      createConnection(port, '127.0.0.1')
        .on('data', (chunk) => (text += chunk.toString('latin1')))
        .on('error', reject)
        .on('close', () => {
          server.close();
          resolve(text);
        });
    });
  });
}

describe('an error of Node’s parser', () => {
  beforeAll(() => {
    Logger.overrideLogger(false);
  });

  it.each([
    ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'request_timeout'],
    ['HPE_HEADER_OVERFLOW', 431, 'headers_too_large'],
    ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413, 'payload_too_large'],
    ['HPE_INVALID_METHOD', 400, 'malformed_request'],
  ])('%s is answered with %i %s, and the connection closed', async (error, status, code) => {
    const [head = '', body = ''] = (await answerTo(error)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('\r\nconnection: close');
    expect(head).toContain('\r\ncontent-type: application/problem+json; charset=utf-8');
    expect(head).toContain(`\r\ncontent-length: ${Buffer.byteLength(body)}`);
    expect(JSON.parse(body)).toMatchObject({ status, code });
  });

  it.each(['ECONNRESET', 'EPIPE', 'ERR_TLS_HANDSHAKE_TIMEOUT', 'ERR_SSL_HTTP_REQUEST'])(
    '%s, of a connection that is gone or has no TLS yet, is not answered',
    async (error) => {
      expect(await answerTo(error)).toBe('');
    },
  );
});
