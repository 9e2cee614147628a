/** Milliseconds since 1970. It stands apart from the service's: a token that looks good here may have expired there. */
export const nowMs = (): number => Date.now();
