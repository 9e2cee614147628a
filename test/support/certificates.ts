import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A certificate with the chain behind it, and its key, in PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** Issues certificates for localhost, by an intermediate of its own, with the machine's openssl. */
export class Authority {
  /** What clients trust. */
  readonly root: string;
  private count = 0;

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    this.request('root', ['-addext', 'basicConstraints=critical,CA:TRUE']);
    this.request('between', ['-addext', 'basicConstraints=critical,CA:TRUE', ...this.signedBy('root')]);
    this.root = this.read('root.crt');
  }

  /** @param options `key` and `days`: a curve and a year unless they say otherwise */
  issue({ key = EC, days = 365 }: { readonly key?: readonly string[]; readonly days?: number } = {}): Issued {
    const name = `leaf-${++this.count}`;
    const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-addext', 'basicConstraints=CA:FALSE'];
    this.request(name, [...names, ...this.signedBy('between'), '-days', String(days)], key);
    return { cert: this.read(`${name}.crt`) + this.read('between.crt'), key: this.read(`${name}.key`) };
  }

  private request(name: string, options: readonly string[], key: readonly string[] = EC): void {
    const files = ['-keyout', this.at(`${name}.key`), '-out', this.at(`${name}.crt`)];
    const args = ['req', '-x509', ...key, '-nodes', '-subj', `/CN=gatehouse ${name}`, ...files, ...options];
    execFileSync('openssl', args, { stdio: 'pipe' });
  }

  private signedBy(name: string): string[] {
    return ['-CA', this.at(`${name}.crt`), '-CAkey', this.at(`${name}.key`)];
  }

  private at(file: string): string {
    return path.join(this.folder, file);
  }

  private read(file: string): string {
    return readFileSync(this.at(file), 'utf8');
  }
}
