import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const clockRule = [
  'error',
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Time comes from the injected Clock.',
  },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time comes from the injected Clock.' },
];

export default tseslint.config(
  { ignores: ['**/dist/', 'coverage/', '.data/', 'node_modules/', 'packages/client/src/openapi.ts'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Nest modules are classes of decorators alone.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowEmpty: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Request and response classes describe shapes to the OpenAPI document; nobody asks whose instance a body is.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Nest's injection reads parameter types at run time, so a type-only import would lose them.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      'max-lines': ['error', { max: 220, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-syntax': clockRule,
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/shared/clock.ts', 'packages/*/src/{clock,set-clock}.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // Tests measure with the machine's own clock, and are as long as what they tell.
    files: ['**/*.spec.ts', '**/test/**/*.ts'],
    rules: {
      'no-restricted-syntax': 'off',
      'max-lines': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: { module: 'writable', process: 'readonly' } },
  },
  {
    files: ['examples/html-page/*.js', 'examples/nginx-auth-request/www/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        ['document', 'fetch', 'FormData', 'location', 'URL', 'URLSearchParams'].map((name) => [name, 'readonly']),
      ),
    },
  },
);
