import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'Named exports only: a thing has one name everywhere.',
};

/** Time is passed in, so that a test decides what time it is. */
const noAmbientTime = [
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
    message: 'Time is passed in; use the caller’s clock.',
  },
  {
    selector: 'CallExpression[callee.object.name="Date"][callee.property.name="now"]',
    message: 'Time is passed in; use the caller’s clock.',
  },
];

/** Configuration is read once, in one place; the rest of the code is handed what it needs. */
const noEnvironment = {
  'no-restricted-properties': [
    'error',
    { object: 'process', property: 'env', message: 'Only src/config/env.ts reads the environment.' },
  ],
  'no-restricted-imports': [
    'error',
    {
      paths: ['node:process', 'process'].map((name) => ({
        name,
        message: 'Use the global `process`; only src/config/env.ts reads its environment.',
      })),
    },
  ],
};

export default defineConfig(
  globalIgnores(['dist', 'coverage', '.kubepass', 'src/store/generated']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A leading underscore says that a parameter is there for its position alone.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A port may be asynchronous although one of its implementations has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // tsconfig's noPropertyAccessFromIndexSignature asks for the brackets that this rule would remove.
      '@typescript-eslint/dot-notation': 'off',
      'no-restricted-syntax': ['error', noDefaultExport],
      'no-warning-comments': 'error',
      eqeqeq: 'error',
    },
  },
  { files: ['src/**/*.ts'], rules: { 'no-console': 'error' } },
  { files: ['src/**/*.ts'], ignores: ['src/config/env.ts'], rules: noEnvironment },
  {
    files: ['src/{model,x509,policy,issuance,audit,formats,inspection,signer}/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, ...noAmbientTime] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // An index that a fixture is known to have; the test fails by itself where it has not.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `expect(object.method)` hands the method over without calling it.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['test/http/**/*.ts'],
    rules: {
      // supertest types every body as `any`; what it is, is what the test asserts.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['*.config.{js,ts}', '**/*.config.{js,ts}'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.{mjs,cjs,js}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'fetch',
          'URL',
          'Buffer',
          'AbortSignal',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'module',
          'require',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
