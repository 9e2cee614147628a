import { IsLineOfText, normaliseLine } from '../http/line-of-text.js';

const MAX_CODE_POINTS = 100;

/** @returns the name trimmed and in NFC; undefined where it is empty, over 100 code points or holds control characters */
export const normaliseName = (text: string): string | undefined => normaliseLine(text, MAX_CODE_POINTS);

/** Accepts what `normaliseName` accepts; the value itself is left as it came. */
export const IsAccountName = (): PropertyDecorator => IsLineOfText(MAX_CODE_POINTS);
