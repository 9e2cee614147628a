import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import type { Certificate } from './certificate.js';
import { startProgram } from './debian-program.js';
import type { Program } from './debian-program.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { scratchFolder } from './scratch.js';
import type { ServerProcess } from './server-process.js';

const DEPLOY = path.join(__dirname, '..', '..', 'deploy');

/** A proxy that ends TLS before several instances, run by the file that is shipped for it. */
export interface ReverseProxy {
  readonly url: string;
  /** The last of what it wrote. */
  said(): string;
  /** Which instance answered each of the last requests, by the proxy's log. */
  servedBy(): string[];
  stop(): Promise<void>;
}

export interface ReverseProxyOptions {
  readonly members: readonly ServerProcess[];
  readonly certificate: Certificate;
}

/** Puts what a test has in the place of what the example has; fails where that is not in it. */
function withReplaced(text: string, replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the example does not say ${from}`);
    return changed.replaceAll(from, to);
  }, text);
}

/** The second and further lines of servers are made of the last one. */
function withServers(
  text: string,
  line: RegExp,
  lineFor: (address: string, index: number) => string,
  members: readonly ServerProcess[],
): string {
  const found = text.match(line);
  if (found?.length !== 2) throw new Error('the example does not have two servers');
  const lines = members.map(({ api }, index) => lineFor(new URL(api.url).host, index)).join('');
  return text.replace(line, (match) => (match === found[0] ? lines : ''));
}

/** @param served finds the instance in each line of `log` */
async function answering(program: Program, port: number, served: RegExp, log = program.said): Promise<ReverseProxy> {
  const accepts = async (): Promise<void> => {
    const socket = createConnection(port, '127.0.0.1');
    await once(socket, 'connect').finally(() => socket.destroy());
  };
  try {
    await eventually(accepts);
  } catch (error) {
    await program.stop();
    throw new Error(`the proxy does not answer: ${program.said()}`, { cause: error });
  }
  return {
    url: `https://127.0.0.1:${port}`,
    said: program.said,
    servedBy: () => [...log().matchAll(served)].map(([, instance = '']) => instance),
    stop: program.stop,
  };
}

/** Runs Debian's nginx with deploy/nginx/gatehouse.conf. */
export async function startNginx({ members, certificate }: ReverseProxyOptions): Promise<ReverseProxy> {
  const folder = scratchFolder();
  const port = await freePort();
  const example = readFileSync(path.join(DEPLOY, 'nginx', 'gatehouse.conf'), 'utf8');
  const replaced = withReplaced(example, [
    ['listen 443 ssl http2;', `listen 127.0.0.1:${port} ssl http2;`],
    ['/etc/gatehouse/tls.crt', certificate.certFile],
    ['/etc/gatehouse/tls.key', certificate.keyFile],
  ]);
  const server = /^ +server 10\.0\.0\.\d+:3000 (.+);\n/gm;
  const options = /^ +server 10\.0\.0\.11:3000 (.+);$/m.exec(example)?.[1] ?? '';
  const conf = withServers(replaced, server, (address) => `    server ${address} ${options};\n`, members);
  writeFileSync(path.join(folder, 'gatehouse.conf'), conf);
  const accessLog = path.join(folder, 'access.log');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const main = [
    'daemon off;',
    // Its workers could not reach the folder otherwise.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    // Each has a turn of its own.
    'worker_processes 1;',
    `pid ${folder}/pid;`,
    'error_log stderr warn;',
    'events {}',
    'http {',
    'log_format instances "$request_method $uri $status by $upstream_addr;";',
    `access_log ${accessLog} instances;`,
    ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`),
    `include ${folder}/gatehouse.conf;`,
    '}',
  ];
  const file = path.join(folder, 'nginx.conf');
  writeFileSync(file, `${main.join('\n')}\n`);
  const args = ['-c', file, '-p', folder, '-e', 'stderr'];
  const program = startProgram({
    program: 'nginx',
    args,
    versionFlag: '-v',
    debianPackage: 'nginx-light',
    endedBy: 'TERM',
  });
  return answering(program, port, / by [^;]*?([\d.:]+);/g, () => readFileSync(accessLog, 'utf8'));
}

/** Runs Debian's HAProxy with deploy/haproxy/haproxy.cfg. */
export async function startHaproxy({ members, certificate }: ReverseProxyOptions): Promise<ReverseProxy> {
  const folder = scratchFolder();
  const port = await freePort();
  const pem = path.join(folder, 'tls.pem');
  const parts = [certificate.certFile, certificate.keyFile].map((file) => readFileSync(file, 'utf8'));
  writeFileSync(pem, parts.join(''), { mode: 0o600 });
  const example = readFileSync(path.join(DEPLOY, 'haproxy', 'haproxy.cfg'), 'utf8');
  const replaced = withReplaced(example, [
    ['bind :443', `bind 127.0.0.1:${port}`],
    ['/etc/gatehouse/tls.pem', pem],
  ]);
  const server = /^ +server \w+ 10\.0\.0\.\d+:3000\n/gm;
  const conf = withServers(replaced, server, (address, index) => `    server instance${index} ${address}\n`, members);
  const file = path.join(folder, 'haproxy.cfg');
  writeFileSync(file, conf);
  const args = ['-db', '-f', file];
  const program = startProgram({
    program: 'haproxy',
    args,
    versionFlag: '-v',
    debianPackage: 'haproxy',
    endedBy: 'KILL',
  });
  return answering(program, port, / gatehouse\/(\w+) /g);
}
