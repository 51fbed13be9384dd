import { availableParallelism } from 'node:os';
import { defineConfig, type TestUserConfig } from 'vitest/config';

/** Test files share the modules that they import, because loading them for each file takes as long as the tests. */
const shared = { isolate: false } as const;

/** Busy machines are slow: `expect.poll` waits longer than its usual second before it fails. */
const patient = { expect: { poll: { timeout: 15_000 } } } as const;

const project = (
  name: string,
  timeoutSeconds = 10,
  options: Pick<TestUserConfig, 'globalSetup' | 'fileParallelism' | 'isolate'> = {},
) => ({
  test: {
    ...options,
    ...patient,
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: timeoutSeconds * 1000,
  },
});

/** The file for CI's JSON results, besides the output for people. */
const jsonFile = process.env['VITEST_JSON_FILE'];

/** `npm test` runs unit, http and contract; the others have commands of their own. */
export default defineConfig({
  test: {
    // Tests spend some of their time waiting. The default, one worker fewer than cores, would leave one of two idle.
    maxWorkers: availableParallelism() + 1,
    reporters: jsonFile ? ['default', ['json', { outputFile: jsonFile }]] : ['default'],
    projects: [
      project('unit', 60, shared),
      project('http', 60, shared),
      project('contract', 60, shared),
      project('crash', 600),
      project('browser', 120),
      // Tests that hold for every database, and tests of PostgreSQL alone.
      {
        test: {
          ...shared,
          ...patient,
          name: 'postgresql',
          include: [
            'test/postgresql/**/*.test.ts',
            'test/unit/{issuance,identity}/**/*.test.ts',
            'test/unit/store/{audit-archives,audit-events-by-time,audit-log,certificate-status,clusters,directory,figures,inventory,lifecycle,ordered-writer,paging,quotas,recorded-requests,sessions,used-proofs,webhook-deliveries}.test.ts',
            'test/http/**/*.test.ts',
            'test/crash/{directory,full-disk,kill,move-records,renewal,retention}.test.ts',
          ],
          exclude: [
            // Tests of a process's start and of the data dir that a dead process leaves. They need SQLite.
            'test/http/{certificate-listener,memory-limit,observed-process,process,recovery,reload,start,upgrade-drill}.test.ts',
            // Tests without a database, and tests that measure.
            'test/http/{connections,csr-fixtures,hostile-uploads,late-requests,openapi,tls}.test.ts',
            // Tests of ways in and of answers that no database has a part in.
            'test/http/{blast-radius,client-certificates,edge,evaluate-policies,inspections,kubectl-plugin,log,oidc,plugin-sign-in,policy-reload,revocation-file,written-text}.test.ts',
            'test/unit/issuance/{request-states,verify-while-issuing}.test.ts',
          ],
          env: { KUBEPASS_TEST_DATABASE: 'postgresql' },
          globalSetup: ['test/helpers/postgresql/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      // A real Prometheus scrapes the service.
      project('prometheus', 60),
      // Keycloak, which the first run brings.
      project('keycloak', 300, { globalSetup: ['test/keycloak/global-setup.ts'] }),
      // Compares with programs of others, which the first run builds.
      project('oracles', 120, { globalSetup: ['test/oracles/global-setup.ts'] }),
      project('cluster', 300, {
        globalSetup: ['test/cluster/global-setup.ts'],
        // Each file starts a control plane of its own.
        fileParallelism: false,
      }),
    ],
  },
});
