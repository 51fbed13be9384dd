import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'Named exports only: a thing has one name everywhere.',
};

/** Two questions that every room asks have one answer each. */
const noOtherAnswers = [
  {
    selector:
      'ConditionalExpression[test.operator="instanceof"][test.right.name="Error"][alternate.callee.name="String"] > MemberExpression.consequent[property.name="message"]',
    message: 'Ask messageOf of @kubepass/x509.',
  },
  {
    selector:
      'BinaryExpression[operator="in"][left.value="code"], MemberExpression[property.name="code"] > TSAsExpression.object',
    message: 'Ask codeOf of @kubepass/x509.',
  },
];

/** A terminal obeys control characters. */
const noRawOutput = {
  selector:
    'MemberExpression[object.object.name="process"][object.property.name=/^std(out|err)$/][property.name="write"]',
  message:
    'Programs write with print and complain of @kubepass/inspect/command-line, which write control characters out.',
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

/**
 * A test of `npm test` passes on a machine that is slow, busy, or lacks a compiler: it waits for conditions, and judges
 * no time. `npm run test:slow` has the tests that measure.
 */
const onAnyMachine = [
  {
    selector:
      'MemberExpression[object.name="performance"][property.name="now"], MemberExpression[object.name="process"][property.name=/^(hrtime|cpuUsage|threadCpuUsage)$/], CallExpression[callee.name="cpuMilliseconds"]',
    message: 'A test of `npm test` measures nothing. Move it to test/slow, or pass the time in.',
  },
  {
    selector:
      'BinaryExpression[operator="-"]:not([right.type="Literal"]) > CallExpression.left[callee.object.name="Date"][callee.property.name="now"], BinaryExpression[operator=/^[<>]=?$/] > CallExpression[callee.object.name="Date"][callee.property.name="now"]',
    message: 'A test of `npm test` measures nothing. Move it to test/slow, or pass the time in.',
  },
  {
    selector: 'CallExpression[callee.name="setTimeout"]',
    message: 'Wait for a condition with expect.poll. For what must not happen there is quietMoment().',
  },
  {
    selector:
      'CallExpression[callee.object.name="vi"][callee.property.name=/^wait(For|Until)$/], Property[key.name="timeout"][value.value>0]',
    message: 'Wait with expect.poll, and for as long as vitest.config.ts says, because a busy machine is slow.',
  },
  {
    selector:
      'CallExpression[callee.name=/^(spawn|exec|execFile)(Sync)?$|^findOnPath$/][arguments.0.value=/^(cc|gcc|g\\+\\+|clang|make|go)$/]',
    message: 'A test of `npm test` needs nothing but Node. Move it to test/slow.',
  },
];

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
      'no-restricted-syntax': ['error', noDefaultExport, ...noOtherAnswers],
      'no-warning-comments': 'error',
      eqeqeq: 'error',
    },
  },
  { files: ['src/**/*.ts', 'packages/*/src/**/*.{ts,tsx}'], rules: { 'no-console': 'error' } },
  {
    files: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
    ignores: [
      'packages/inspect/src/command-line/finish.ts',
      'packages/kubectl-kubepass/src/{kubectl-*,this-machine}.ts',
    ],
    rules: {
      'no-restricted-syntax': ['error', noDefaultExport, ...noOtherAnswers, noRawOutput],
    },
  },
  // The plugin is a program of its own, with an edge of its own.
  {
    files: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
    ignores: ['src/config/env.ts', 'packages/kubectl-kubepass/src/this-machine.ts'],
    rules: noEnvironment,
  },
  {
    files: ['src/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, ...noOtherAnswers, noRawOutput, ...noBareNames] },
  },
  {
    files: [
      'src/{model,policy,requests/issuance,audit,inspections}/**/*.ts',
      'src/signing/{generate-certificate-authority,library-reading,second-reading}.ts',
      'src/http/answers/csv-record.ts',
      'src/kubernetes/{enforcement-files,render-kubeconfig}.ts',
      'packages/{x509,inspect}/src/**/*.ts',
    ],
    // The edge of the program, where time comes from, and where every program writes.
    ignores: ['packages/inspect/src/offline/kubepass-inspect.ts', 'packages/inspect/src/command-line/finish.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        noDefaultExport,
        ...noOtherAnswers,
        noRawOutput,
        ...noAmbientTime,
        ...noBareNames,
      ],
    },
  },
  // The file that `noOtherAnswers` points to.
  {
    files: ['packages/x509/src/hygiene/errors.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, noRawOutput, ...noAmbientTime, ...noBareNames] },
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
    files: ['test/{,each-database/}{unit,http,contract}/**/*.ts', 'packages/*/test/**/*.ts'],
    ignores: [
      'packages/*/test/slow/**',
      'packages/*/test/fixtures/**',
      // Tests in test/slow measure with these.
      'test/{,each-database/}http/support/{probe,raw-client,changes}.ts',
      'packages/kubectl-kubepass/test/helpers/plugin-machine.ts',
    ],
    rules: {
      'no-restricted-syntax': ['error', noDefaultExport, ...noOtherAnswers, ...onAnyMachine],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'node:timers/promises',
              message: 'Wait for a condition with expect.poll. For what must not happen there is quietMoment().',
            },
          ],
          patterns: [
            {
              group: [
                '**/go-tools.js',
                '**/bench/*',
                '**/bench/{load,million,peers,soak,turns}/**',
                '!**/bench/seed-directory.js',
              ],
              message: 'Move it to test/tools, or to test/slow if it needs a compiler.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/{,each-database/}{,slow/}http/**/*.ts'],
    rules: {
      // supertest types every body as `any`; the test asserts its shape.
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
