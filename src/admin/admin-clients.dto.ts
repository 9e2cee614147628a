import { ApiProperty } from '@nestjs/swagger';
import { IsLineOfText } from '../http/line-of-text.js';
import { MAX_LIMIT } from '../http/page-query.dto.js';
import type { ServiceClient } from '../security/clients/service-clients.js';
import { ID, CLIENT_SECRET, LINE, TIME, CURSOR } from '../shared/json-formats.js';

export class CreateClientRequest {
  /**
   * What it is: 1 to 100 characters on one line.
   * @example "orders service"
   */
  @IsLineOfText(100)
  name!: string;
}

export class CreatedClientResponse {
  @ApiProperty(ID)
  clientId!: string;

  /** Shown this once. */
  @ApiProperty(CLIENT_SECRET)
  clientSecret!: string;
}

export class ClientResponse {
  @ApiProperty(ID)
  clientId!: string;

  @ApiProperty({ ...LINE, maxLength: 100, example: 'orders service' })
  name!: string;

  @ApiProperty(TIME)
  createdAt!: string;

  static from({ id, name, createdAt }: ServiceClient): ClientResponse {
    return { clientId: id, name, createdAt: createdAt.toISOString() };
  }
}

export class ClientListResponse {
  @ApiProperty({ maxItems: MAX_LIMIT })
  items!: ClientResponse[];

  @ApiProperty(CURSOR)
  nextCursor!: string | null;
}
