/** What a stored hash says of how it was made. */
export interface Argon2idParameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** The most that ARGON2_MEMORY and ARGON2_TIME may be, too: a hash from elsewhere may not cost more than one of ours. */
export const ARGON2ID_LIMITS = { memoryKiB: 262_144, passes: 16, lanes: 16 } as const;
/** RFC 9106 §3.1: eight blocks of 1 KiB for each lane. */
const LEAST_KIB_PER_LANE = 8;
/** Version 19, unpadded base64: 8 to 64 bytes of salt, 16 to 64 of hash. A shorter one is met by chance. */
const FORM =
  /^\$argon2id\$v=19\$m=(?<memory>[1-9]\d{0,9}),t=(?<passes>[1-9]\d{0,9}),p=(?<lanes>[1-9]\d{0,7})\$(?<salt>[A-Za-z0-9+/]{11,86})\$(?<tag>[A-Za-z0-9+/]{22,86})$/;
/** No number of bytes is encoded in 4n + 1 characters. */
const isBase64 = (text: string): boolean => text.length % 4 !== 1;

/** @returns the parameters of an encoded Argon2id hash, whatever they are; undefined where the text is none */
export function argon2idParameters(encoded: string): Argon2idParameters | undefined {
  const { memory, passes, lanes, salt = '', tag = '' } = FORM.exec(encoded)?.groups ?? {};
  if (memory === undefined || !isBase64(salt) || !isBase64(tag)) return undefined;
  return { memoryKiB: Number(memory), passes: Number(passes), lanes: Number(lanes) };
}

/** Tells whether a hash may be computed here: one with any parameters would take all of the memory. */
export const isWithinLimits = ({ memoryKiB, passes, lanes }: Argon2idParameters): boolean =>
  memoryKiB >= LEAST_KIB_PER_LANE * lanes &&
  memoryKiB <= ARGON2ID_LIMITS.memoryKiB &&
  passes <= ARGON2ID_LIMITS.passes &&
  lanes <= ARGON2ID_LIMITS.lanes;
