import fc from 'fast-check';

/**
 * The same runs each time, so that a change is blamed only for what it broke; `TEST_SEED=7 npm test` makes others.
 * fast-check prints the seed of a run that fails.
 */
fc.configureGlobal({ seed: Number(process.env.TEST_SEED ?? 20_261_124) });
