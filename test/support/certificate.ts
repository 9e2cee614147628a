import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { scratchFolder } from './scratch.js';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes a certificate that vouches for itself, for the loopback: whoever is to believe it is given `certFile`. */
export function makeCertificate(names: readonly string[] = ['DNS:localhost', 'IP:127.0.0.1']): Certificate {
  const folder = scratchFolder();
  const [certFile, keyFile] = [path.join(folder, 'tls.crt'), path.join(folder, 'tls.key')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=gatehouse.test', '-addext', `subjectAltName=${names.join(',')}`];
  execFileSync('openssl', [...args, ...subject, '-keyout', keyFile, '-out', certFile], { stdio: 'pipe' });
  return { certFile, keyFile };
}
