import type { RenderableProps } from 'preact';
import { answerOf } from '../service/client.js';
import { useAct } from './trouble.js';

/** Gives a file to the reader, as a download. Its content is in no address: the blob is forgotten at once. */
export function saveFile(name: string, content: BlobPart, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  Object.assign(document.createElement('a'), { href: address, download: name }).click();
  // The browser has taken the blob by then; one that is slow would find nothing sooner.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

type FileLinkParts = RenderableProps<{
  readonly href: string;
  /** The name of the file that is saved. */
  readonly name: string;
  readonly type: 'application/yaml' | 'text/csv' | 'text/plain';
}>;

/**
 * A link to what the API gives as a file. Its address is the one for curl; a browser would ask it for JSON, so a click
 * asks for this type and saves that.
 */
export function FileLink({ href, name, type, children }: FileLinkParts) {
  const { isBusy, run, trouble } = useAct();
  const save = () => run(async () => saveFile(name, await answerOf(fileOf(href, type)), type));
  return (
    <>
      <a
        class="button"
        href={href}
        download={name}
        onClick={(event) => {
          event.preventDefault();
          if (!isBusy) void save();
        }}
      >
        {isBusy ? 'Loading …' : children}
      </a>
      {trouble}
    </>
  );
}

async function fileOf(href: string, accept: string) {
  const response = await fetch(href, { headers: { accept } });
  if (response.ok) return { response, data: await response.blob() };
  return { response, error: (await response.json().catch(() => null)) as unknown };
}
