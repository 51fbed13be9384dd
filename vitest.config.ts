import { availableParallelism } from 'node:os';
import { defineConfig, type TestUserConfig } from 'vitest/config';

/** Files share the modules that they import: loading them anew for each took as long as the tests themselves. */
const shared = { isolate: false } as const;

const project = (
  name: string,
  timeoutSeconds = 10,
  options: Pick<TestUserConfig, 'globalSetup' | 'fileParallelism' | 'isolate'> = {},
) => ({
  test: {
    ...options,
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: timeoutSeconds * 1000,
  },
});

/** Where CI wants the results as JSON, besides what people read. */
const jsonFile = process.env['VITEST_JSON_FILE'];

/** `npm test` runs unit, http and contract; the others have commands of their own. */
export default defineConfig({
  test: {
    // Some of a test's time is waiting. The default, one less than there are cores, leaves one of two idle.
    maxWorkers: availableParallelism() + 1,
    reporters: jsonFile ? ['default', ['json', { outputFile: jsonFile }]] : ['default'],
    projects: [
      project('unit', 30, shared),
      project('http', 30, shared),
      project('contract', 30, shared),
      project('crash', 600),
      project('browser', 120),
      // What holds for every database, and what is of PostgreSQL alone.
      {
        test: {
          ...shared,
          name: 'postgresql',
          include: [
            'test/postgresql/**/*.test.ts',
            'test/unit/{issuance,identity}/**/*.test.ts',
            'test/unit/store/{audit-events-by-time,audit-log,clusters,inventory,ordered-writer,paging,quotas,recorded-requests,webhook-deliveries}.test.ts',
            'test/http/**/*.test.ts',
            'test/crash/{full-disk,kill}.test.ts',
          ],
          exclude: [
            // How a process starts, and what one that died left in its data dir, which with SQLite is nobody else's.
            'test/http/{process,start}.test.ts',
            // What has nothing to do with a database, or measures.
            'test/http/{csr-fixtures,hostile-uploads,openapi,tls}.test.ts',
            'test/unit/issuance/{request-states,verify-while-issuing}.test.ts',
          ],
          env: { KUBEPASS_TEST_DATABASE: 'postgresql' },
          globalSetup: ['test/helpers/postgresql/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      project('cluster', 300, {
        globalSetup: ['test/cluster/global-setup.ts'],
        // Each file starts a control plane of its own.
        fileParallelism: false,
      }),
    ],
  },
});
