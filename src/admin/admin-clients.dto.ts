import { IsLineOfText } from '../http/line-of-text.js';
import type { ServiceClient } from '../security/clients/service-clients.js';

export class CreateClientRequest {
  /**
   * What it is: 1 to 100 characters on one line.
   * @example "orders service"
   */
  @IsLineOfText(100)
  name!: string;
}

export class CreatedClientResponse {
  clientId!: string;

  /** Shown this once. */
  clientSecret!: string;
}

export class ClientResponse {
  clientId!: string;

  name!: string;

  createdAt!: string;

  static from({ id, name, createdAt }: ServiceClient): ClientResponse {
    return { clientId: id, name, createdAt: createdAt.toISOString() };
  }
}

export class ClientListResponse {
  items!: ClientResponse[];

  nextCursor!: string | null;
}
