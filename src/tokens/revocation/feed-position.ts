/** How long a place in the feed can be gone on from, in seconds: as long as its rows live. */
const LIFE_SECONDS = 70 * 60;
const SHAPE = /^([0-9a-f-]{36})\.(\d{1,20})\.(\d{1,12})$/;

/** A place in the feed of one database, as a reader may hand it back: its `Last-Event-ID`. */
export interface FeedPosition {
  /** The id of the deployment: a place in another database's feed means nothing here. */
  readonly deploymentId: string;
  /** Everything below this transaction id has been told. */
  readonly xid: string;
  readonly atSeconds: number;
}

export const formatPosition = ({ deploymentId, xid, atSeconds }: FeedPosition): string =>
  `${deploymentId}.${xid}.${atSeconds}`;

/**
 * @param current where this instance's own reading stands
 * @returns the transaction id to go on from; undefined for a text that is none of ours, is too old, belongs to another
 * database or lies ahead of this one, which has then gone back in time
 */
export function resumeFrom(text: string, current: FeedPosition): string | undefined {
  const [, deploymentId, xid = '', at] = SHAPE.exec(text) ?? [];
  if (deploymentId !== current.deploymentId) return undefined;
  const ageSeconds = current.atSeconds - Number(at);
  if (ageSeconds > LIFE_SECONDS || BigInt(xid) > BigInt(current.xid)) return undefined;
  return xid;
}
