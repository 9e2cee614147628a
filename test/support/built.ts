import path from 'node:path';

/** Where the built service lies: what `npm run build` made, or another build that `GATEHOUSE_DIST` names. */
export const DIST = path.resolve(process.env.GATEHOUSE_DIST ?? path.join(__dirname, '..', '..', 'dist'));
