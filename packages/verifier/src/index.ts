export { createVerifier } from './create-verifier.js';
export type { VerifierOptions } from './options.js';
export type { VerifierStatus } from './status.js';
export { Verifier } from './verifier.js';
export type { WaitOptions } from './verifier.js';
export type { Principal } from './access-token/principal.js';
export { challengeOf, refusalOf } from './http/problem.js';
export type { ProblemDocument, Refusal } from './http/problem.js';
export * from './errors.js';
