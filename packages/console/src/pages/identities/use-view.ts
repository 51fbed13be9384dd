import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useAddress } from '../../parts/address.js';
import type { Span } from './rows.js';
import { firstView, spanFrom, spanInAddress } from './spans.js';

const restMilliseconds = 300;

/** The window that the timeline shows. It is in the address as `from` and `to`, once it rests. */
export function useView(now: number): readonly [view: Span, show: (view: Span) => void] {
  const { query, change } = useAddress();
  const { from, to } = query;
  const view = useSignal<Span>(spanFrom(from, to) ?? firstView(now));
  const written = useRef({ from, to });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latestChange = useRef(change);
  latestChange.current = change;
  // Somebody went back, or followed a link.
  useEffect(() => {
    if (from === written.current.from && to === written.current.to) return;
    written.current = { from, to };
    view.value = spanFrom(from, to) ?? firstView(now);
  }, [from, to]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const show = (span: Span) => {
    view.value = span;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      written.current = spanInAddress(span);
      latestChange.current(written.current, { replace: true });
    }, restMilliseconds);
  };
  return [view.value, show];
}
