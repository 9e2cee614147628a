import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';

import type { AppConfig } from '../../config/app-config.js';
import { ConfigError } from '../../config/config-error.js';

export type TlsFiles = NonNullable<AppConfig['http']['tls']>;

/** A certificate chain and its private key, in PEM, known to go together. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * TLS 1.2 with forward secrecy and authenticated encryption alone, and 1.3 with what it has (RFC 9325 §4.2, §3.1.1). The security
 * level refuses keys of less than 112 bits and signatures over SHA-1.
 */
const PROTOCOL: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  ciphers:
    'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2',
  honorCipherOrder: true,
};

const fault = (variable: 'TLS_CERT_FILE' | 'TLS_KEY_FILE', message: string): ConfigError =>
  new ConfigError([{ variable, message }]);

/** What OpenSSL says stays here: it may quote what it read. */
function orFault<Result>(variable: 'TLS_CERT_FILE' | 'TLS_KEY_FILE', message: string, read: () => Result): Result {
  try {
    return read();
  } catch {
    throw fault(variable, message);
  }
}

/**
 * Makes sure that a certificate and a key can be used together.
 * @throws ConfigError that says what is wrong, and nothing of the key
 */
export function tlsPair(cert: Buffer, key: Buffer): TlsPair {
  const certificate = orFault(
    'TLS_CERT_FILE',
    'must hold a certificate in PEM, and the chain behind it',
    () => new X509Certificate(cert),
  );
  const privateKey = orFault('TLS_KEY_FILE', 'must hold a private key in PEM, without a passphrase', () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw fault('TLS_KEY_FILE', 'must hold the key of the first certificate in TLS_CERT_FILE');
  }
  orFault(
    'TLS_CERT_FILE',
    'must hold certificates in PEM that TLS 1.2 can be served with: RSA of 2048 bits or a curve, no SHA-1',
    () => createSecureContext({ cert, key, ...PROTOCOL }),
  );
  const [notBefore, notAfter] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  return { cert, key, notBefore, notAfter };
}

/** @throws ConfigError where a file cannot be read, and as `tlsPair` */
export function readTlsPair({ certFile, keyFile }: TlsFiles): TlsPair {
  const unread = 'must name a file that can be read';
  const cert = orFault('TLS_CERT_FILE', unread, () => readFileSync(certFile));
  return tlsPair(
    cert,
    orFault('TLS_KEY_FILE', unread, () => readFileSync(keyFile)),
  );
}

/** What changes with the pair. */
export const secureContextOf = ({ cert, key }: TlsPair): SecureContextOptions => ({ cert, key, ...PROTOCOL });

export const tlsOptions = (pair: TlsPair): ServerOptions => ({
  ...secureContextOf(pair),
  ALPNProtocols: ['http/1.1'],
  handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
});
