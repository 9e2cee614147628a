import { IsBoolean } from 'class-validator';
import { RequiresEmergency } from './requires-emergency.js';
import type { KeyRecord } from '../tokens/keys/stored-keys.js';
import { MayBeAbsent } from '../http/may-be-absent.js';

export class RotateKeyRequest {
  /** The key in use, or what wraps it, may be known to others: end its use at once. */
  @MayBeAbsent()
  @IsBoolean()
  emergency?: boolean;

  /** Of an emergency: the pending key may be known too. Remote caches fail until they have fetched the new one. */
  @MayBeAbsent()
  @IsBoolean()
  @RequiresEmergency()
  discardPending?: boolean;
}

export class KeyResponse {
  kid!: string;

  /** @example "ES256" */
  algorithm!: string;

  state!: 'pending' | 'active' | 'retiring' | 'retired';

  /** When it was made and published. */
  createdAt!: string;

  /** Of a pending key: when it goes active by itself; null until a rotation is due or asked for. */
  activatesAt!: string | null;

  activatedAt!: string | null;

  /** Of a retiring key: when the last token that it signed has expired. */
  retiresAt!: string | null;

  retiredAt!: string | null;

  static from(key: KeyRecord): KeyResponse {
    return {
      kid: key.kid,
      algorithm: key.algorithm,
      state: key.state,
      createdAt: key.createdAt.toISOString(),
      activatesAt: key.activatesAt?.toISOString() ?? null,
      activatedAt: key.activatedAt?.toISOString() ?? null,
      retiresAt: key.retiresAt?.toISOString() ?? null,
      retiredAt: key.retiredAt?.toISOString() ?? null,
    };
  }
}

export class KeyListResponse {
  items!: KeyResponse[];

  /** Always null: the list is whole. */
  nextCursor!: string | null;
}
