import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { parse, stringify } from 'uuid';
import { DataKeys } from '../../crypto/data-keys.js';
import { epochSeconds } from '../../shared/clock.js';
import { asUserId, newId } from '../../shared/ids.js';
import type { UserId } from '../../shared/ids.js';
import type { Account } from '../../users/account.js';

/** How long a device is known without a sign-in from it, in seconds: 180 days. */
export const DEVICE_LIFE_SECONDS = 180 * 24 * 60 * 60;

const SHAPE = /^dt_([A-Za-z0-9_-]{98})$/;
const VERSION = 1;
const ID_BYTES = 16;
const PAYLOAD_BYTES = 1 + 2 * ID_BYTES + 4 + 4;

/** A device that an account was signed in from, as its token says. */
interface KnownDevice {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly deviceVersion: number;
  readonly issuedAt: number;
}

/**
 * Tokens that tell a device from which an account was signed in from those of strangers. They sign nobody in: they only
 * give guesses a budget of their own. Version ‖ user ‖ device ‖ device version ‖ time, and an HMAC-SHA-256 of these.
 */
@Injectable()
export class DeviceTokens {
  constructor(private readonly dataKeys: DataKeys) {}

  /** @param deviceId of a known device, whose time begins anew; without one it is a new device */
  async issue(
    { id, deviceVersion }: Pick<Account, 'id' | 'deviceVersion'>,
    deviceId: string | undefined,
    now: Date,
  ): Promise<string> {
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    payload.writeUInt8(VERSION, 0);
    payload.set(parse(id), 1);
    payload.set(parse(deviceId ?? newId()), 1 + ID_BYTES);
    payload.writeUInt32BE(deviceVersion, 1 + 2 * ID_BYTES);
    payload.writeUInt32BE(epochSeconds(now), 1 + 2 * ID_BYTES + 4);
    return `dt_${Buffer.concat([payload, await this.macOf(payload)]).toString('base64url')}`;
  }

  /**
   * Reads a token that is authentic and not over 180 days old.
   * @param accountOf is asked for the account that the sign-in is for, and only with such a token
   * @returns the id of the device, where it is one of that account and of its device version
   */
  async recognise(
    token: string | undefined,
    accountOf: () => Promise<Account | undefined>,
    now: Date,
  ): Promise<string | undefined> {
    const device = token === undefined ? undefined : await this.read(token);
    if (!device || device.issuedAt + DEVICE_LIFE_SECONDS <= epochSeconds(now)) return undefined;
    const account = await accountOf();
    const isTheirs = account?.id === device.userId && account.deviceVersion === device.deviceVersion;
    return isTheirs ? device.deviceId : undefined;
  }

  private async read(token: string): Promise<KnownDevice | undefined> {
    const [, text] = SHAPE.exec(token) ?? [];
    if (text === undefined) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    const payload = bytes.subarray(0, PAYLOAD_BYTES);
    const mac = bytes.subarray(PAYLOAD_BYTES);
    const isOurs = bytes.toString('base64url') === text && timingSafeEqual(mac, await this.macOf(payload));
    if (!isOurs || payload.readUInt8(0) !== VERSION) return undefined;
    return {
      userId: asUserId(stringify(payload.subarray(1, 1 + ID_BYTES))),
      deviceId: stringify(payload.subarray(1 + ID_BYTES, 1 + 2 * ID_BYTES)),
      deviceVersion: payload.readUInt32BE(1 + 2 * ID_BYTES),
      issuedAt: payload.readUInt32BE(1 + 2 * ID_BYTES + 4),
    };
  }

  private async macOf(payload: Buffer): Promise<Buffer> {
    return createHmac('sha256', await this.dataKeys.key('device tokens'))
      .update(payload)
      .digest();
  }
}
