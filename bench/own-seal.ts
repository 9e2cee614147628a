import { sealAfter } from '../src/audit/seals/seal-chain.js';
import { DataKeys } from '../src/crypto/data-keys.js';
import { connected } from './bench-database.js';
import type { ServiceUnderTest } from './service-under-test.js';

interface LastSeal {
  readonly number: string;
  readonly piece: string;
  readonly sealedAt: Date;
  readonly count: number;
  readonly total: string;
  readonly eventIds: readonly string[];
  readonly previous: Buffer;
}

const LAST = `
  SELECT number, piece::text, sealed_at AS "sealedAt", count, total, event_ids AS "eventIds", previous
  FROM audit_seals ORDER BY number DESC LIMIT 1`;

/** The seals are made up. The last one is made anew as the service would have, which hangs its own on no other's. */
export async function ownLastSeal(service: ServiceUnderTest, url: string): Promise<void> {
  const key = await service.get(DataKeys).key('events');
  await connected(url, async (client) => {
    const [last] = (await client.query<LastSeal>(LAST)).rows;
    if (!last) return;
    const found = await client.query<{ id: string; mac: Buffer }>(
      'SELECT id, mac FROM audit_events WHERE id = ANY ($1::uuid[])',
      [last.eventIds],
    );
    const macs = new Map(found.rows.map(({ id, mac }) => [id, mac]));
    const members = last.eventIds.map((id) => ({ id, mac: macs.get(id) ?? Buffer.alloc(32) }));
    const before = { number: Number(last.number) - 1, total: Number(last.total) - last.count, head: last.previous };
    const { digest, head } = sealAfter(before, members, { key, piece: last.piece, now: last.sealedAt });
    await client.query('SET session_replication_role = replica');
    await client.query('UPDATE audit_seals SET digest = $1, head = $2 WHERE number = $3', [digest, head, last.number]);
    await client.query('RESET session_replication_role');
  });
}
