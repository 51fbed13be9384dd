import { useSignal } from '@preact/signals';
import { problemOf, unreachable, type ProblemError } from '../service/problem.js';
import { sessionEnded } from '../service/session-end.js';
import { saveFile } from './save-file.js';
import { Trouble } from './trouble.js';

/**
 * A link to what the API exports as CSV. Its address is the one for curl; a browser would ask it for JSON, so a click
 * asks for CSV and saves that.
 */
export function CsvLink({ href, name }: { readonly href: string; readonly name: string }) {
  const isReading = useSignal(false);
  const trouble = useSignal<ProblemError | null>(null);
  const save = async () => {
    isReading.value = true;
    trouble.value = null;
    const answer = await fetch(href, { headers: { accept: 'text/csv' } }).catch(() => null);
    const content: unknown = await (answer?.ok ? answer.blob() : answer?.json())?.catch(() => null);
    isReading.value = false;
    if (answer?.status === 401) sessionEnded.value = true;
    if (answer?.ok && content instanceof Blob) saveFile(name, content, 'text/csv');
    else trouble.value = answer === null || answer.ok ? unreachable() : problemOf(content, answer);
  };
  return (
    <>
      <a
        class="button"
        href={href}
        download={name}
        onClick={(event) => {
          event.preventDefault();
          if (!isReading.value) void save();
        }}
      >
        {isReading.value ? 'Reading …' : 'CSV'}
      </a>
      {trouble.value && <Trouble error={trouble.value} />}
    </>
  );
}
