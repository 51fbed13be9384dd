import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { ProblemError } from '../../service/problem.js';
import type { Spec } from './spec.js';

/** The last answer of policy about the ask. Both are null before it was asked, and while something is missing. */
export interface Said {
  readonly decision: Schemas['Decision'] | null;
  readonly error: ProblemError | null;
}
const nothing: Said = { decision: null, error: null };

interface Verdict {
  readonly said: ReadonlySignal<Said>;
  /** A key was pressed. */
  readonly typed: () => void;
  /** A field was left, or filled as a whole: asks at once. Resolves to what policy says. */
  readonly left: () => Promise<Said>;
}

const pauseMilliseconds = 800;
/** Somebody who types slowly would else leave an audit event with each key. */
const longestPause = 4 * pauseMilliseconds;

/**
 * Asks policy about the ask when a field is left, and after a pause in typing; never twice about the same one. Each
 * call leaves an audit event. `read` gives the ask; null while it cannot be asked about.
 */
export function useVerdict(read: () => Spec | null): Verdict {
  const said = useSignal(nothing);
  const latest = useRef(read);
  latest.current = read;
  const self = useRef<Verdict | null>(null);
  const timer = useRef(0);
  const stop = useRef<AbortController | null>(null);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      stop.current?.abort();
    },
    [],
  );
  if (self.current) return self.current;

  let pause = pauseMilliseconds;
  let asked = '';
  let answer = Promise.resolve(nothing);
  const ask = (): Promise<Said> => {
    clearTimeout(timer.current);
    const spec = latest.current();
    const text = JSON.stringify(spec);
    if (text === asked) return answer;
    asked = text;
    stop.current?.abort();
    const { signal } = (stop.current = new AbortController());
    answer = spec === null ? Promise.resolve(nothing) : evaluated(spec, signal);
    return answer.then((found) => {
      if (!signal.aborted) said.value = found;
      // A call that failed may succeed the next time.
      if (found.error !== null && asked === text) asked = '';
      return found;
    });
  };
  return (self.current = {
    said,
    typed: () => {
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        pause = Math.min(longestPause, 2 * pause);
        void ask();
      }, pause);
    },
    left: () => {
      pause = pauseMilliseconds;
      return ask();
    },
  });
}

/** Nothing where somebody has typed on meanwhile. */
async function evaluated(spec: Spec, signal: AbortSignal): Promise<Said> {
  try {
    const decision = await answerOf(api.POST('/v1/policies/evaluate', { body: spec, signal }));
    return { decision, error: null };
  } catch (error) {
    if (signal.aborted) return nothing;
    if (!(error instanceof ProblemError)) throw error;
    return { decision: null, error };
  }
}
