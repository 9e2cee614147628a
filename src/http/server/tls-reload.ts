import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Server as TlsServer } from 'node:tls';
import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

import { ConfigError, formatFaults } from '../../config/config-error.js';
import type { Clock } from '../../shared/clock.js';
import { readTlsPair, secureContextOf, tlsPair } from './tls-pair.js';
import type { TlsFiles, TlsPair } from './tls-pair.js';

/** Notices of changes get lost where a mounted secret is swapped by its link; two small files are cheap to read. */
const LOOK_EVERY_MS = 1_000;
const DAY_MS = 24 * 60 * 60 * 1_000;
const EXPIRY_WARNING_DAYS = 14;

interface Found {
  /** The same for as long as the files are. */
  readonly state: string;
  readonly parse: () => TlsPair;
}

/**
 * Serves a new certificate as soon as its files have changed, without a restart. A pair is looked at once it has stayed the
 * same for an interval, since its two files are never written at once; one that cannot be used is told of once, and the last
 * good one stays in use. Connections that are open keep the one they began with.
 */
export class TlsReload {
  private readonly logger = new Logger('TLS');
  private timer: NodeJS.Timeout | undefined;
  private toldExpiryAtMs = -Infinity;
  private lastSeen = '';
  /** In use, or told of. */
  private settled = '';
  private stopped = false;

  constructor(
    private readonly server: TlsServer,
    private readonly files: TlsFiles,
    private pair: TlsPair,
    private readonly clock: Clock,
  ) {
    this.settled = this.lastSeen = stateOf(pair.cert, pair.key);
  }

  start(): void {
    // What the server was made with may have been read a moment before.
    this.server.setSecureContext(secureContextOf(this.pair));
    this.tellExpiry();
    this.schedule();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** When the certificate in use ends. */
  get notAfter(): Date {
    return this.pair.notAfter;
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      void this.look().finally(() => {
        this.schedule();
      });
    }, LOOK_EVERY_MS).unref();
  }

  private async look(): Promise<void> {
    const { state, parse } = await this.read();
    const isStill = state === this.lastSeen;
    this.lastSeen = state;
    if (isStill && state !== this.settled) {
      this.settled = state;
      this.take(parse);
    }
    this.tellExpiry();
  }

  private async read(): Promise<Found> {
    try {
      const [cert, key] = await Promise.all([readFile(this.files.certFile), readFile(this.files.keyFile)]);
      return { state: stateOf(cert, key), parse: () => tlsPair(cert, key) };
    } catch {
      // Says which of them.
      return { state: 'unread', parse: () => readTlsPair(this.files) };
    }
  }

  private take(parse: () => TlsPair): void {
    try {
      const pair = parse();
      this.server.setSecureContext(secureContextOf(pair));
      this.pair = pair;
      this.toldExpiryAtMs = -Infinity;
      this.logger.log(`A new certificate is in use, until ${pair.notAfter.toISOString()}.`);
    } catch (error) {
      const reason = error instanceof ConfigError ? formatFaults(error.faults) : 'they cannot be used';
      this.logger.warn(`The files of the certificate have changed, and the last good ones stay in use: ${reason}.`);
    }
  }

  /** At the start, with each new one, and once a day. */
  private tellExpiry(): void {
    const nowMs = this.clock.now().getTime();
    if (nowMs - this.toldExpiryAtMs < DAY_MS) return;
    this.toldExpiryAtMs = nowMs;
    const { notBefore, notAfter } = this.pair;
    const [sinceMs, leftMs] = [nowMs - notBefore.getTime(), notAfter.getTime() - nowMs];
    if (leftMs <= 0) this.logger.error(`The certificate ended at ${notAfter.toISOString()}: clients refuse it.`);
    else if (sinceMs < 0) this.logger.warn(`The certificate begins at ${notBefore.toISOString()}: clients refuse it.`);
    else if (leftMs < EXPIRY_WARNING_DAYS * DAY_MS) {
      this.logger.warn(`The certificate ends in ${Math.floor(leftMs / DAY_MS)} days, at ${notAfter.toISOString()}.`);
    }
  }
}

const stateOf = (cert: Buffer, key: Buffer): string =>
  createHash('sha256').update(`${cert.length} `).update(cert).update(key).digest('hex');

/** @returns undefined where the service speaks plain HTTP */
export function reloadTls(fastify: FastifyInstance, files: TlsFiles | undefined, clock: Clock): TlsReload | undefined {
  const server: unknown = fastify.server;
  if (files === undefined || !(server instanceof TlsServer)) return undefined;
  const reload = new TlsReload(server, files, readTlsPair(files), clock);
  fastify.addHook('onListen', (done) => {
    reload.start();
    done();
  });
  fastify.addHook('preClose', (done) => {
    reload.stop();
    done();
  });
  return reload;
}
