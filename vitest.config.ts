import { availableParallelism } from 'node:os';
import { defineConfig, type TestUserConfig } from 'vitest/config';
import { ProgressReporter } from './.ci/test-progress.js';
import { TestReporter } from './.ci/test-report.js';

/** The packages' sources: nothing is built before a test. */
const resolve = { tsconfigPaths: true } as const;

/** Test files share the modules that they import, because loading them for each file takes as long as the tests. */
const shared = { isolate: false } as const;
/** The databases of these tests may lie in memory. */
const quick = { ...shared, globalSetup: ['test/helpers/scratch-directory.ts'] };

/**
 * Busy machines are slow, so a test waits long for what must happen. Its limit is for one that hangs; a test of how
 * long something takes says so itself.
 */
const patient = {
  expect: { poll: { timeout: 120_000, interval: 20 } },
  testTimeout: 300_000,
  hookTimeout: 300_000,
} as const;
const morePatient = { ...patient, testTimeout: 900_000 } as const;

/** Tests of `test/each-database` hold on every database. They run on SQLite with the project of their kind. */
const project = (
  name: string,
  options: Pick<TestUserConfig, 'globalSetup' | 'fileParallelism' | 'isolate' | 'testTimeout'> = {},
  own: readonly string[] = [],
) => ({
  resolve,
  test: { ...patient, ...options, name, include: [`test/{,each-database/}${name}/**/*.test.ts`, ...own] },
});

/** The file for CI's count of tests, besides the output for people. */
const reportFile = process.env['VITEST_REPORT_FILE'];

/**
 * `npm test` runs unit, http and contract, `npm run test:slow` what takes its time; the others have commands of their
 * own.
 */
export default defineConfig({
  test: {
    // Tests spend some of their time waiting. The default, one worker fewer than cores, would leave one of two idle.
    maxWorkers: availableParallelism() + 1,
    reporters: [new ProgressReporter(), ...(reportFile ? [new TestReporter(reportFile)] : [])],
    // What a test that passes writes is of interest to nobody.
    silent: 'passed-only',
    projects: [
      project('unit', quick, ['packages/*/test/{*.test.ts,!(slow)/**/*.test.ts}']),
      project('http', quick),
      project('contract', quick),
      // Programs and documents around the service: scripts, CI, the bench, the files of deploy/, and what docs/ says.
      project('tools', { ...quick, ...morePatient }),
      // The rest of unit, http and contract: whole processes, load, hostile uploads, fuzz and drills.
      project('slow', { ...quick, ...morePatient }, ['packages/*/test/slow/**/*.test.ts']),
      project('crash', morePatient),
      project('browser', { globalSetup: ['test/browser/build-console.ts'] }),
      // `npm run screenshots`: no test, but it needs all that those of the browser need.
      project('pictures', { globalSetup: ['test/browser/build-console.ts'] }),
      // Tests of PostgreSQL alone, and on it all that hold on every database.
      {
        resolve,
        test: {
          ...shared,
          ...morePatient,
          name: 'postgresql',
          include: ['test/{postgresql,each-database}/**/*.test.ts'],
          env: { KUBEPASS_TEST_DATABASE: 'postgresql' },
          globalSetup: ['test/helpers/scratch-directory.ts', 'test/helpers/postgresql/global-setup.ts'],
        },
      },
      // A real Prometheus scrapes the service.
      project('prometheus'),
      // nginx and haproxy stand before the service.
      project('proxies'),
      // Keycloak, which the first run brings.
      project('keycloak', { globalSetup: ['test/keycloak/global-setup.ts'] }),
      // A release is published to a registry on loopback, and verified as docs/verifying.md says.
      project('release'),
      // CA keys in OpenSSH's agent, in SoftHSM and before a KMS.
      project('keys', { globalSetup: ['test/keys/support/global-setup.ts'] }),
      // Compares with programs of others, which the first run builds.
      project('oracles', { globalSetup: ['test/oracles/global-setup.ts'] }),
      // helm renders the charts, and kubectl the kustomize base.
      project('chart', { ...shared, globalSetup: ['test/chart/global-setup.ts'] }),
      project('cluster', {
        ...morePatient,
        globalSetup: ['test/cluster/global-setup.ts'],
        // Files share one control plane, whose objects and rights they change.
        fileParallelism: false,
      }),
    ],
  },
});
