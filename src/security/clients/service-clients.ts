import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditEvent } from '../../audit/audit-event.js';
import { AuditLog } from '../../audit/audit-log.js';
import { row, rows } from '../../database/sql.js';
import type { ClientContext } from '../../shared/client-context.js';
import { Clock } from '../../shared/clock.js';
import { isUuid, newId } from '../../shared/ids.js';
import { assertStillAdmin } from '../admin-standing.js';
import type { Principal } from '../principal.js';

const SECRET_PREFIX = 'cs_';
const SECRET_BYTES = 32;

/** Another service that may ask about tokens. */
export interface ServiceClient {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
}

export interface CreatedServiceClient extends ServiceClient {
  /** Shown once: only its hash is kept. */
  readonly secret: string;
}

export interface PageOfClients {
  readonly limit: number;
  readonly before: string | undefined;
}

/** Which admin changes the list of clients, and from where. */
export interface ClientChange {
  readonly actor: Principal;
  readonly client: ClientContext;
}

const COLUMNS = 'id, name, created_at AS "createdAt"';

/** The services that authenticate themselves by HTTP Basic (RFC 6749 §2.3.1). */
@Injectable()
export class ServiceClients {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  async create(name: string, by: ClientChange): Promise<CreatedServiceClient> {
    const secret = SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
    const client = { id: newId(), name, createdAt: this.clock.now() };
    await this.dataSource.transaction(async (tx) => {
      await assertStillAdmin(tx, by.actor);
      await tx.query('INSERT INTO service_clients (id, name, secret_hash, created_at) VALUES ($1, $2, $3, $4)', [
        client.id,
        name,
        hashOf(secret),
        client.createdAt,
      ]);
      await this.audit.append(eventOf('service_client_created', client.id, by, client.createdAt), tx);
    });
    return { ...client, secret };
  }

  /** Newest first. */
  list({ limit, before }: PageOfClients): Promise<ServiceClient[]> {
    return rows(
      this.dataSource,
      `SELECT ${COLUMNS} FROM service_clients WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`,
      [before ?? null, limit],
    );
  }

  /** @returns whether there was such a client */
  async delete(id: string, by: ClientChange): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      await assertStillAdmin(tx, by.actor);
      const deleted = await row(tx, 'DELETE FROM service_clients WHERE id = $1 RETURNING id', [id]);
      if (deleted) await this.audit.append(eventOf('service_client_deleted', id, by, this.clock.now()), tx);
      return deleted !== undefined;
    });
  }

  /** Those of the ids that are still a client's. */
  async existing(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await rows<{ id: string }>(
      this.dataSource,
      'SELECT id FROM service_clients WHERE id = ANY ($1::uuid[])',
      [ids],
    );
    return new Set(found.map(({ id }) => id));
  }

  /** @returns undefined for an unknown id or a wrong secret */
  async authenticate(id: string, secret: string): Promise<ServiceClient | undefined> {
    if (!isUuid(id)) return undefined;
    const found = await row<ServiceClient & { hash: Buffer }>(
      this.dataSource,
      `SELECT ${COLUMNS}, secret_hash AS hash FROM service_clients WHERE id = $1`,
      [id],
    );
    if (!found || !timingSafeEqual(found.hash, hashOf(secret))) return undefined;
    return { id: found.id, name: found.name, createdAt: found.createdAt };
  }
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret, 'utf8').digest();

const eventOf = (
  type: 'service_client_created' | 'service_client_deleted',
  serviceClientId: string,
  { actor: { userId: actorId, sessionId }, client }: ClientChange,
  at: Date,
): AuditEvent => ({ type, at, actorId, sessionId, client, outcome: 'success', details: { serviceClientId } });
