import type { ConfiguredCluster } from './configured-cluster.js';
import { readingOf } from './load-policy-set.js';
import { parsePolicySet } from './parse-policy-set.js';
import type { PolicySet } from './policy-set.js';
import { readPolicyFiles } from './read-policy-files.js';

export interface PolicySetWatch {
  /** The set in force now. */
  current(): PolicySet;
  /** Looks at the files once, as the timer does. */
  poll(): Promise<void>;
  stop(): void;
}

export interface PolicySetWatchOptions {
  readonly directory: string;
  /** Those that are configured: a guardrail may ask of one what cannot be found out there. */
  readonly clusters?: readonly ConfiguredCluster[];
  /** What is in force until the files differ from it. */
  readonly initial: PolicySet;
  /** Default: 1 second. */
  readonly intervalMilliseconds?: number;
  /** Another set is in force. */
  readonly onChange: (policySet: PolicySet, previous: PolicySet) => void;
  /** The files do not make a set, and the one in force stays; called once for each content. */
  readonly onErrors: (errors: readonly string[]) => void;
}

/**
 * Keeps the policy set in step with its files by reading them every second: notifications miss what happens to
 * mounted ConfigMaps and network file systems. New content counts once two readings in a row agree, so a file that is
 * still being written does not, and only if it validates: a broken set leaves the one in force.
 */
export function watchPolicySet(options: PolicySetWatchOptions): PolicySetWatch {
  const { directory, clusters = [], initial, intervalMilliseconds = 1000, onChange, onErrors } = options;
  let current = initial;
  /** What was read last, and what was last acted on: a digest, or the errors of reading. */
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
    if (reading === current.digest) return; // back to what is in force
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
        // What no reading foresees leaves the set in force, and the process alive.
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
