import type { ConfiguredCluster, PolicySet } from './policy-set.js';
import { readingOf, readPolicyFiles } from './load-policy-set.js';
import { parsePolicySet } from './parse-policy-set.js';

export interface PolicySetWatch {
  /** The set that is in force. */
  current(): PolicySet;
  /** Reads the files once, as the timer does. */
  poll(): Promise<void>;
  stop(): void;
}

export interface PolicySetWatchOptions {
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
 * Keeps the policy set equal to its files. It reads them every second, because notifications miss changes of mounted
 * ConfigMaps and network file systems. New content is used only after two readings in a row agree, because a file may
 * be being written, and only if it is valid: otherwise the set in force stays.
 */
export function watchPolicySet(options: PolicySetWatchOptions): PolicySetWatch {
  const { directory, clusters = [], initial, intervalMilliseconds = 1000, onChange, onErrors } = options;
  let current = initial;
  /** The reading before, and the reading that was last acted on. */
  let lastReading = initial.digest;
  let settled = initial.digest;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const poll = async (): Promise<void> => {
    const files = await readPolicyFiles(directory);
    const reading = readingOf(files);
    const steady = reading === lastReading;
    lastReading = reading;
    if (stopped || !steady || reading === settled) return;
    settled = reading;
    if (reading === current.digest) return; // The files are again as the set in force.
    const result = files.ok ? parsePolicySet(files.texts, clusters) : files;
    if (!result.ok) {
      onErrors(result.errors);
      return;
    }
    const previous = current;
    current = result.policySet;
    onChange(current, previous);
  };

  const schedule = (): void => {
    timer = setTimeout(() => {
      poll()
        // After an unexpected error the set stays in force, and the process goes on.
        .catch((error: unknown) => {
          onErrors([`the policies could not be read: ${String(error)}`]);
        })
        .finally(() => {
          if (!stopped) schedule();
        });
    }, intervalMilliseconds).unref();
  };
  schedule();

  return {
    current: () => current,
    poll,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
