import { signal, useSignal } from '@preact/signals';
import { useLocation } from 'preact-iso/router';
import { useEffect } from 'preact/hooks';
import { Icon } from './icon.js';

/** What an act has brought about, and where that can be looked at. */
interface Result {
  readonly id: number;
  readonly words: string;
  readonly href: string | undefined;
}

const results = signal<readonly Result[]>([]);
const mostAtOnce = 3;
const secondsAfterSeen = 10;
let told = 0;

/** Says what an act has brought about, in the words of its result: to eyes and to screen readers. */
export function tell(words: string, href?: string): void {
  results.value = [...results.value, { id: (told += 1), words, href }].slice(-mostAtOnce);
}

/** The results that were told last, over the page. */
export const Results = () => (
  <div class="results" role="status" aria-atomic="false" aria-label="What was done">
    {results.value.map((one) => (
      <Notice key={one.id} result={one} />
    ))}
  </div>
);

/**
 * A result. It stays until it is dismissed, or for ten seconds after somebody has used the page who can have seen it;
 * longer while the pointer or the focus is on it.
 */
function Notice({ result }: { readonly result: Result }) {
  const { path } = useLocation();
  const isSeen = useSignal(false);
  const isHeld = useSignal(false);
  const end = () => (results.value = results.value.filter((one) => one !== result));
  useEffect(() => {
    const used = new AbortController();
    const onUse = () => {
      isSeen.value = true;
      used.abort();
    };
    for (const use of ['keydown', 'pointerdown', 'pointermove', 'wheel'] as const) addEventListener(use, onUse, used);
    return () => used.abort();
  }, []);
  useEffect(() => {
    if (!isSeen.value || isHeld.value) return;
    const timer = setTimeout(end, 1000 * secondsAfterSeen);
    return () => clearTimeout(timer);
  }, [isSeen.value, isHeld.value]);
  const hold = (held: boolean) => () => (isHeld.value = held);
  const dismiss = () => {
    end();
    document.getElementById('main')?.focus();
  };
  return (
    <div
      class="notice ok"
      onPointerEnter={hold(true)}
      onPointerLeave={hold(false)}
      onFocusIn={hold(true)}
      onFocusOut={hold(false)}
    >
      <Icon name="check" />
      <bdi>{result.words}</bdi>
      {result.href !== undefined && result.href !== path && (
        <a class="button" href={result.href}>
          View
        </a>
      )}
      <button type="button" onClick={dismiss}>
        Dismiss
      </button>
    </div>
  );
}
