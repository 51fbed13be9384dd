import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { plainSentences } from './scripts/lint/plain-sentences.ts';

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'Named exports only: a thing has one name everywhere.',
};

/** Time is passed in, so that a test can set it. */
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

/**
 * A name may have been given to somebody else since it was put on record, so the instant of the record counts, too.
 * Comparisons that keep two people apart fold the names, and are no `===`.
 */
const compared = 'BinaryExpression[operator=/^[!=]==$/]:not([right.name="undefined"]):not([right.raw="null"])';
const noBareNames = [
  `${compared} > MemberExpression[object.name=/^(principal|caller|bearer|asker)$/][property.name="name"]`,
  `${compared} > MemberExpression[property.name=/^(collector|requester|requesterName|collectorName)$/]`,
  `${compared} > MemberExpression[object.name=/^(requester|approval)$/]`,
  `${compared} > MemberExpression[object.property.name=/^(requester|approval)$/]`,
  `${compared} > Identifier[name=/^(collector|requester|approver|recorded)$/]`,
  'CallExpression[callee.property.name="includes"] > MemberExpression[object.name="principal"][property.name="name"]',
].map((selector) => ({ selector, message: 'Ask isNameOf whether a name on record is the caller’s.' }));

/** Configuration is read once in one place, and passed to the rest of the code. */
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
  globalIgnores([
    'dist',
    'packages/*/dist',
    'coverage',
    '.kubepass',
    'src/store/generated',
    // Made from the contract.
    'packages/console/src/service/contract.d.ts',
    // Compiled against clients that CI generates, in a project of its own.
    'test/contract-tools/clients',
    'test/contract-tools/generated',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  // Prettier keeps code to this width, and leaves comments as they are.
  { rules: { 'max-len': ['error', { code: 10_000, comments: 120, ignoreUrls: true }] } },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A leading underscore marks a parameter that is only there for its position.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A port may be asynchronous although one implementation of it has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // tsconfig's noPropertyAccessFromIndexSignature requires the brackets that this rule would remove.
      '@typescript-eslint/dot-notation': 'off',
      // Nothing here is an enum.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      'no-restricted-syntax': ['error', noDefaultExport],
      'no-warning-comments': 'error',
      eqeqeq: 'error',
    },
  },
  { files: ['src/**/*.ts', 'packages/*/src/**/*.{ts,tsx}'], rules: { 'no-console': 'error' } },
  // The plugin is a program of its own, with an edge of its own.
  {
    files: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
    ignores: ['src/config/env.ts', 'packages/kubectl-kubepass/src/kubectl-kubepass.ts'],
    rules: noEnvironment,
  },
  { files: ['src/**/*.ts'], rules: { 'no-restricted-syntax': ['error', noDefaultExport, ...noBareNames] } },
  {
    files: [
      'src/{model,peculiar,policy,issuance,audit,formats,inspections,signer}/**/*.ts',
      'packages/{x509,inspect}/src/**/*.ts',
    ],
    // The edge of the program, where time comes from.
    ignores: ['packages/inspect/src/offline/kubepass-inspect.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, ...noAmbientTime, ...noBareNames] },
  },
  {
    files: ['{bench,test}/**/*.ts', 'packages/*/test/**/*.ts'],
    rules: {
      // Fixtures are known to have the index. A test fails by itself if one does not.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `expect(object.method)` passes the method without calling it.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['test/{,slow/}http/**/*.ts'],
    rules: {
      // supertest types every body as `any`; the test asserts its shape.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['**/*.{ts,tsx,mjs,cjs,js}'],
    plugins: { prose: { rules: { 'plain-sentences': plainSentences } } },
    rules: { 'prose/plain-sentences': 'error' },
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
