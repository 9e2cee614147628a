// What the three services have in common: the built package, configured by the environment.
import { createVerifier } from '@gatehouse/verifier';

const { ISSUER, BASE_URL, CLIENT_ID, CLIENT_SECRET, MAX_STALENESS_SECONDS = '5', FAIL_OPEN } = process.env;

export const makeVerifier = () =>
  createVerifier({
    issuer: ISSUER,
    audience: ISSUER,
    baseUrl: BASE_URL,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    maxStalenessSeconds: Number(MAX_STALENESS_SECONDS),
    failOpen: FAIL_OPEN === 'on',
    onStatus: ({ state, lastError }) => process.stdout.write(`state ${state} ${lastError ?? ''}\n`),
  });
