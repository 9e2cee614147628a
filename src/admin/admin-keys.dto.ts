import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { JWT_ALGORITHMS } from '../config/app-config.js';
import { MayBeAbsent } from '../http/may-be-absent.js';
import { KEY_ID, TIME } from '../shared/json-formats.js';
import type { KeyRecord } from '../tokens/keys/stored-keys.js';
import { RequiresEmergency } from './requires-emergency.js';

export class RotateKeyRequest {
  /** The key in use, or what wraps it, may be known to others: end its use at once. */
  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ example: false })
  emergency?: boolean;

  /** Of an emergency: the pending key may be known too. Remote caches fail until they have fetched the new one. */
  @MayBeAbsent()
  @IsBoolean()
  @RequiresEmergency()
  @ApiProperty({ example: false })
  discardPending?: boolean;
}

export class KeyResponse {
  @ApiProperty(KEY_ID)
  kid!: string;

  @ApiProperty({ enum: JWT_ALGORITHMS, example: 'ES256' })
  algorithm!: string;

  state!: 'pending' | 'active' | 'retiring' | 'retired';

  /** When it was made and published. */
  @ApiProperty(TIME)
  createdAt!: string;

  /** Of a pending key: when it goes active by itself; null until a rotation is due or asked for. */
  @ApiProperty(TIME)
  activatesAt!: string | null;

  @ApiProperty(TIME)
  activatedAt!: string | null;

  /** Of a retiring key: when the last token that it signed has expired. */
  @ApiProperty({ ...TIME, example: null })
  retiresAt!: string | null;

  @ApiProperty({ ...TIME, example: null })
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
  @ApiProperty({ maxItems: 100 })
  items!: KeyResponse[];

  /** Always null: the list is whole. */
  @ApiProperty({ type: 'null', example: null })
  nextCursor!: string | null;
}
