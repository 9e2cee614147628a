// The ranks of ARCHITECTURE.md: a folder imports only from folders below it. Type imports count too.
const ranks = [
  ['shared'],
  ['config'],
  ['database', 'observability'],
  ['cleanup'],
  ['crypto'],
  ['audit', 'mail'],
  ['http'],
  ['security'],
  ['users', 'tokens'],
  ['auth'],
  ['admin'],
  ['reference'],
];

const upOrSideways = ranks.flatMap((folders, rank) =>
  folders.map((folder) => ({
    name: `${folder}-imports-only-downwards`,
    comment: 'Imports point down, never up or sideways: see ARCHITECTURE.md.',
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: {
      path: `^src/(${ranks
        .slice(rank)
        .flat()
        .filter((other) => other !== folder)
        .join('|')})/`,
    },
  })),
);

module.exports = {
  forbidden: [
    ...upOrSideways.filter((rule) => !rule.to.path.includes('()')),
    {
      name: 'no-cycles',
      comment: 'A cycle is two files that are one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-imports-the-composition',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'shared-is-pure',
      comment: 'No Nest and no TypeORM at rank 0.',
      severity: 'error',
      from: { path: '^src/shared/', pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/(@nestjs|typeorm|pg)/' },
    },
    {
      name: 'entities-stay-at-home',
      comment: 'An entity is imported only in its own folder and by ormconfig.ts.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/.*\\.entity\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'argon2-only-by-the-hasher',
      severity: 'error',
      from: { pathNot: '^src/users/password-hasher' },
      to: { path: 'node_modules/argon2/' },
    },
    {
      name: 'bcrypt-only-to-check-imported-hashes',
      severity: 'error',
      from: { pathNot: '^src/users/passwords/bcrypt-hash\\.' },
      to: { path: 'node_modules/(@types/)?bcrypt/' },
    },
    {
      name: 'passport-only-where-strategies-live',
      severity: 'error',
      from: { pathNot: '^src/(auth|tokens|security)/' },
      to: { path: 'node_modules/(passport[^/]*|@nestjs/passport)/' },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
