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

/**
 * The jobs of a lane run one after the other, beside those of the other lanes. The longest come first, because a lane
 * that is done takes the last jobs of another one: so the lanes end together.
 */
export const lanes: readonly (readonly Job[])[] = [
  // These keep two cores busy. The first one measures, while the other lanes wait for much.
  [
    tests('test:slow', 50, 'test/slow/unit', 'test/slow/http'),
    tests('ci:postgresql', 40, 'test/postgresql', 'test/http', 'test/slow/http'),
    tests('test', 25, 'test/unit', 'test/http', 'test/contract'),
    tests('test:crash', 25, 'test/crash'),
    tests('test:tools', 15, 'test/tools'),
    job('lint', 20),
    tests('ci:node26', 15, 'test/http', 'test/slow/http'),
    job('ci:fuzz', 4),
    job('ci:generated', 5),
  ],
  // These wait for half of their time: for a control plane, a browser, a registry.
  [
    // The first time it builds a control plane, at low priority: up to half an hour.
    tests('ci:cluster', 70, 'test/cluster'),
    tests('ci:browser', 20, 'test/browser'),
    // The image, and the rehearsal of a release with it. The first time it builds cosign, too: up to 4 minutes.
    job('ci:image', 25),
    job('ci:artefacts', 8),
    job('ci:packages', 8),
    job('ci:scim', 8),
    job('ci:pre-commit', 8),
  ],
  // And these are short.
  [
    tests('ci:keys', 20, 'test/keys'),
    job('ci:quickstart', 12),
    job('ci:contract', 20),
    tests('ci:keycloak', 15, 'test/keycloak'),
    // The first time it waits for the control plane that ci:cluster builds, because kubectl is built with it.
    tests('ci:chart', 60, 'test/chart'),
    tests('ci:proxies', 10, 'test/proxies'),
    job('ci:ways', 5),
    job('ci:samples-zsh', 5),
    job('ci:samples', 5),
    tests('ci:oracles', 15, 'test/oracles'),
    tests('ci:prometheus', 10, 'test/prometheus'),
  ],
];
