import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { announce } from '../../parts/announce.js';
import { Page } from '../../parts/page.js';
import { useAct } from '../../parts/trouble.js';
import { many } from '../../parts/words.js';
import { answerOf, api } from '../../service/client.js';

/**
 * Shows what is in files. They go by a form into a frame, which shows the report as the service makes it: nothing of a
 * file enters a script of this page.
 */
export function Inspect() {
  const form = useRef<HTMLFormElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const chosen = useSignal(0);
  const hasReport = useSignal(false);
  const isOver = useSignal(false);
  const { run, trouble } = useAct();
  const send = async () => {
    chosen.value = files.current?.files?.length ?? 0;
    if (chosen.value === 0) return;
    // This page cannot read the answer in the frame, so it asks before whether the session has ended.
    if (!(await run(() => answerOf(api.GET('/v1/whoami'))))) return;
    hasReport.value = true;
    form.current?.submit();
    announce(`${many(chosen.value, 'file')} sent to be inspected.`);
  };
  useEffect(() => {
    const onDrag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      isOver.value = event.type === 'dragover';
      if (event.type !== 'drop' || files.current === null) return;
      files.current.files = event.dataTransfer.files;
      void send();
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
        class={`drop ${isOver.value ? 'over' : ''} ${hasReport.value ? '' : 'alone'}`}
        method="post"
        action="/v1/inspections"
        encType="multipart/form-data"
        target="report"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <div>
          <label for="files">Files to inspect</label>
          <input id="files" ref={files} type="file" name="file" multiple onChange={() => void send()} />
        </div>
        <div>
          <label for="password">Password, if they have one</label>
          <input id="password" type="password" name="password" autocomplete="off" maxLength={1024} />
        </div>
        <button class={hasReport.value ? '' : 'primary'} disabled={chosen.value === 0}>
          Inspect
        </button>
        <p class="quiet">
          Choose them, or drop them anywhere on this page: certificates, requests, keys, kubeconfigs, Secrets, PKCS#12,
          JKS, archives. They are read in memory and not kept, and a private key is never shown.
        </p>
        {trouble}
      </form>
      <div class="report" hidden={!hasReport.value}>
        <iframe name="report" title="Report" sandbox="allow-popups allow-popups-to-escape-sandbox" />
      </div>
    </Page>
  );
}
