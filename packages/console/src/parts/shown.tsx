import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Data } from './use-data.js';
import { Trouble } from './trouble.js';

const patienceMilliseconds = 400;

/**
 * Shows in one piece what was read. Before that it shows nothing, and after a moment what is awaited: `awaited` ends
 * the sentence "Reading …".
 */
export function Shown<T>({
  data: { value, error, reload },
  awaited,
  children,
}: {
  readonly data: Data<T>;
  readonly awaited: string;
  readonly children: (value: T) => ComponentChildren;
}) {
  const found = value.value;
  const problem = error.value;
  return (
    <>
      {problem && <Trouble error={problem} again={reload} />}
      {found !== undefined ? children(found) : problem === null && <Awaiting what={awaited} />}
    </>
  );
}

function Awaiting({ what }: { readonly what: string }) {
  const late = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (late.value = true), patienceMilliseconds);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p class="quiet" role="status">
      {late.value && `Reading ${what} …`}
    </p>
  );
}
