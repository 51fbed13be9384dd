import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Page } from '../../parts/page.js';
import { announce } from '../../parts/announce.js';
import { many } from '../../parts/words.js';

/**
 * Shows what is in files. They go by a form into a frame, which shows the report as the service makes it: nothing of a
 * file enters a script of this page.
 */
export function Inspect() {
  const form = useRef<HTMLFormElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const chosen = useSignal(0);
  const isOver = useSignal(false);
  const send = () => {
    chosen.value = files.current?.files?.length ?? 0;
    if (chosen.value === 0) return;
    announce(`${many(chosen.value, 'file')} sent to be inspected`);
    form.current?.requestSubmit();
  };
  useEffect(() => {
    const onDrag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      isOver.value = event.type === 'dragover';
      if (event.type !== 'drop' || files.current === null) return;
      files.current.files = event.dataTransfer.files;
      send();
    };
    const events = ['dragover', 'dragleave', 'drop'] as const;
    for (const name of events) addEventListener(name, onDrag);
    return () => {
      for (const name of events) removeEventListener(name, onDrag);
    };
  }, []);
  return (
    <Page title="Inspect" wide>
      <form
        ref={form}
        class={isOver.value ? 'drop over' : 'drop'}
        method="post"
        action="/v1/inspections"
        encType="multipart/form-data"
        target="report"
      >
        <label for="files">Files to inspect</label>
        <input id="files" ref={files} type="file" name="file" multiple onChange={send} />
        <p class="quiet">
          Certificates, keys, requests, kubeconfigs, Secrets, bundles, archives: choose them, or drop them anywhere on
          this page. They are read in memory and not kept; a private key is never shown.
        </p>
      </form>
      <iframe
        class={chosen.value === 0 ? 'report none' : 'report'}
        name="report"
        title="Report"
        sandbox="allow-popups allow-popups-to-escape-sandbox"
      />
    </Page>
  );
}
