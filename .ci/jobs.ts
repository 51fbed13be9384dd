/** A job of CI is a script of package.json, which anybody can run: `npm run ci:image`. */
export interface Job {
  readonly script: string;
  /** It is ended after so many. */
  readonly minutes: number;
  /** For a run of vitest, whose tests count one by one: folders that must have tests which ran, such as `test/unit`. */
  readonly tests?: readonly string[];
}

const job = (script: string, minutes: number): Job => ({ script, minutes });
const tests = (script: string, minutes: number, ...folders: readonly string[]): Job => ({
  script,
  minutes,
  tests: folders,
});

/** Alone, because it measures. */
export const first: readonly Job[] = [job('ci:plugin', 8)];

/** These keep two cores busy, so they run one after the other. */
export const computing: readonly Job[] = [
  job('lint', 10),
  tests('test', 25, 'test/unit', 'test/http', 'test/contract'),
  tests('test:slow', 25, 'test/slow/unit', 'test/slow/http'),
  tests('test:crash', 25, 'test/crash'),
  tests('ci:postgresql', 25, 'test/postgresql', 'test/http', 'test/slow/http'),
  tests('ci:node26', 15, 'test/http', 'test/slow/http'),
  job('ci:fuzz', 4),
  job('ci:generated', 5),
];

/** These mostly wait, for a control plane, a browser, a registry, so they run beside those. */
export const waiting: readonly Job[] = [
  // The first time it builds a control plane, at low priority: up to half an hour.
  tests('ci:cluster', 55, 'test/cluster'),
  tests('ci:chart', 10, 'test/chart'),
  tests('ci:keys', 15, 'test/keys'),
  tests('ci:oracles', 15, 'test/oracles'),
  tests('ci:proxies', 10, 'test/proxies'),
  tests('ci:keycloak', 15, 'test/keycloak'),
  tests('ci:prometheus', 10, 'test/prometheus'),
  tests('ci:browser', 20, 'test/browser'),
  // The image, and the rehearsal of a release with it. The first time it builds cosign, too: up to 4 minutes.
  job('ci:image', 25),
  job('ci:artefacts', 8),
  job('ci:quickstart', 12),
  job('ci:samples', 5),
  job('ci:samples-zsh', 5),
  job('ci:ways', 5),
  job('ci:contract', 20),
  job('ci:scim', 8),
  job('ci:pre-commit', 8),
  job('ci:packages', 8),
];
