import { watchSteadily } from '../workers/steady-watch.js';
import type { ConfiguredCluster, PolicySet } from './policy-set.js';
import { readingOf, readPolicyFiles } from './load-policy-set.js';
import { parsePolicySet } from './parse-policy-set.js';

export interface PolicySetWatch {
  /** The set that is in force. */
  readonly current: () => PolicySet;
  /** Whether the files are not valid as they are now. */
  isRefused(): boolean;
  /** Reads the files once, as the timer does. */
  poll(): Promise<void>;
  /** Reads the files now, and reports their errors also where they were reported already. */
  reload(): Promise<void>;
  stop(): void;
}

interface PolicySetWatchOptions {
  readonly directory: string;
  /** The clusters that guardrails must fit. */
  readonly clusters?: readonly ConfiguredCluster[];
  /** The set in force until the files differ from it. */
  readonly initial: PolicySet;
  /** Default: 1 second. */
  readonly intervalMilliseconds?: number;
  /** Called when another set comes into force. */
  readonly onChange: (policySet: PolicySet, previous: PolicySet) => void;
  /** Called once for each content that is not valid. The set in force stays. */
  readonly onErrors: (errors: readonly string[]) => void;
}

/**
 * Keeps the policy set equal to its files, as `watchSteadily` sees them. New content is used only if it is valid:
 * otherwise the set in force stays.
 */
export function watchPolicySet(options: PolicySetWatchOptions): PolicySetWatch {
  const { directory, clusters = [], initial, intervalMilliseconds = 1000, onChange, onErrors } = options;
  let current = initial;
  let refused = false;

  const watch = watchSteadily({
    async read() {
      const files = await readPolicyFiles(directory);
      return { reading: readingOf(files), content: files };
    },
    initial: initial.digest,
    intervalMilliseconds,
    act(files, reading) {
      refused = false;
      if (reading === current.digest) return 'done'; // The files are again as the set in force.
      const result = files.ok ? parsePolicySet(files.texts, clusters) : files;
      if (!result.ok) {
        refused = true;
        onErrors(result.errors);
        return 'done'; // Every cause is in the content, or is part of the reading.
      }
      const previous = current;
      current = result.policySet;
      onChange(current, previous);
      return 'done';
    },
    // After an unexpected error the set stays in force, and the process goes on.
    onFailure(error) {
      onErrors([`the policies could not be read: ${String(error)}`]);
    },
  });
  return {
    current: () => current,
    isRefused: () => refused,
    poll: () => watch.poll(),
    reload: () => watch.again(),
    stop: () => watch.stop(),
  };
}
