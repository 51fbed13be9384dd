import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Card } from '../../parts/bits.js';
import { Page } from '../../parts/page.js';
import { Shown } from '../../parts/shown.js';
import { useData } from '../../parts/use-data.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { TryAsk } from './try-ask.js';
import { Replay } from './replay.js';

type Texts = Schemas['PolicyTexts'];

/** A draft of the policies: it begins with the texts in force, and is tried on an ask and on what was decided. */
export function PolicyDraft() {
  const data = useData((signal) => answerOf(api.GET('/v1/policies/texts', { signal })), []);
  return (
    <Page
      title="Policy draft"
      above={
        <nav class="crumbs" aria-label="Breadcrumb">
          <a href="/console/policies">Policies</a>
        </nav>
      }
    >
      <p class="muted">
        Nothing here changes what is in force: policies come from files. Trying leaves an event in the audit log.
      </p>
      <Shown data={data} awaited="the policies in force">
        {(texts) => <Draft key={texts.digest} texts={texts} />}
      </Shown>
    </Page>
  );
}

function Draft({ texts: { files } }: { readonly texts: Texts }) {
  const drafts = useSignal<readonly string[]>(files.length === 0 ? [''] : files.map(({ text }) => text));
  const shown = useSignal(0);
  const isChanged = drafts.value.some((text, i) => text !== (files[i]?.text ?? ''));
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => isChanged && event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [isChanged]);
  const type = (text: string) => (drafts.value = drafts.value.map((one, i) => (i === shown.value ? text : one)));
  const policies = drafts.value.filter((text) => text.trim() !== '');
  return (
    <>
      <Card title="Texts" aside={isChanged && <span class="muted">changed here, nowhere else</span>}>
        <div class="views" role="group" aria-label="Files">
          {drafts.value.map((text, i) => (
            <button
              key={i}
              type="button"
              aria-pressed={i === shown.value}
              onClick={() => (shown.value = i)}
              class={i === shown.value ? 'primary' : ''}
            >
              {files[i]?.path ?? 'new file'}
              {text !== (files[i]?.text ?? '') && ' *'}
            </button>
          ))}
          <button
            type="button"
            onClick={() => {
              drafts.value = [...drafts.value, ''];
              shown.value = drafts.value.length - 1;
            }}
          >
            Add a file
          </button>
        </div>
        <label for="policy-text">Text of {files[shown.value]?.path ?? 'the new file'}</label>
        <textarea
          id="policy-text"
          class="code"
          rows={18}
          spellcheck={false}
          value={drafts.value[shown.value]}
          onInput={({ currentTarget }) => type(currentTarget.value)}
        />
      </Card>
      <TryAsk policies={policies} />
      <Replay policies={policies} />
    </>
  );
}
