import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { problemOf, unreachable, type ProblemError } from '../service/problem.js';
import { sessionEnded } from '../service/session-end.js';
import { Trouble } from './trouble.js';

/** Gives a file to the reader, as a download. Its content is in no address: the blob is forgotten at once. */
export function saveFile(name: string, content: BlobPart, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken the blob by then; one that is slow would find nothing sooner.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

interface FileLinkParts {
  readonly href: string;
  /** The name of the file that is saved. */
  readonly name: string;
  readonly type: 'application/yaml' | 'text/csv' | 'text/plain';
  readonly children: ComponentChildren;
}

/**
 * A link to what the API gives as a file. Its address is the one for curl; a browser would ask it for JSON, so a click
 * asks for this type and saves that.
 */
export function FileLink({ href, name, type, children }: FileLinkParts) {
  const isReading = useSignal(false);
  const trouble = useSignal<ProblemError | null>(null);
  const save = async () => {
    isReading.value = true;
    trouble.value = null;
    const answer = await fetch(href, { headers: { accept: type } }).catch(() => null);
    const content: unknown = await (answer?.ok ? answer.blob() : answer?.json())?.catch(() => null);
    isReading.value = false;
    if (answer?.status === 401) sessionEnded.value = true;
    if (answer?.ok && content instanceof Blob) saveFile(name, content, type);
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
        {isReading.value ? 'Reading …' : children}
      </a>
      {trouble.value && <Trouble error={trouble.value} />}
    </>
  );
}
