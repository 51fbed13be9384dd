import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Card } from '../../parts/bits.js';
import { Field } from '../../parts/field.js';
import { Crumb, Page } from '../../parts/page.js';
import { Shown, useData } from '../../parts/data.js';
import { sentence } from '../../parts/words.js';
import { answerOf, api, problemFrom, type Schemas } from '../../service/client.js';
import { Replay } from './replay.js';
import { TryAsk } from './try-ask.js';
import type { Attempt } from './attempt.js';

/** A draft of the policies: it begins with the texts in force, and is tried on an ask and on what was asked before. */
export function PolicyDraft() {
  const data = useData((signal) => answerOf(api.GET('/v1/policies/texts', { signal })), []);
  // A later read, or its failure, takes nothing away that was typed.
  const begun = useRef<Schemas['PolicyTexts'] | undefined>(undefined);
  begun.current ??= data.value.value;
  return (
    <Page title="Policy draft" above={<Crumb href="/console/policies" name="Policies" />}>
      <p class="muted">
        Nothing that is tried here comes into force: policies come from files. Each try leaves an event in the audit
        log.
      </p>
      {begun.current ? (
        <Draft {...begun.current} />
      ) : (
        <Shown data={data} awaited="the policies in force">
          {() => null}
        </Shown>
      )}
    </Page>
  );
}

/** Begins at the place that a message names: `line 4, column 1: …`. */
function placeOf(message: string, text: string): number {
  const [, line = '1', column = '1'] = /^line (\d+), column (\d+)/.exec(message) ?? [];
  const before = text.split('\n').slice(0, Number(line) - 1);
  return before.join('\n').length + Math.min(before.length, 1) + Number(column) - 1;
}

function Draft({ files }: Schemas['PolicyTexts']) {
  const texts = useSignal<readonly string[]>(files.length === 0 ? [''] : files.map(({ text }) => text));
  const shown = useSignal(0);
  const wrong = useSignal<readonly (readonly [file: number, message: string])[]>([]);
  const area = useRef<HTMLTextAreaElement>(null);
  const isChanged = (file: number): boolean => texts.value[file] !== (files[file]?.text ?? '');
  const nameOf = (file: number): string => files[file]?.path ?? `new file ${file - files.length + 1}`;
  const isAnyChanged = texts.value.some((_, file) => isChanged(file));
  useWarning(isAnyChanged);
  useEffect(() => {
    const [first] = wrong.value;
    if (first === undefined || area.current === null) return;
    area.current.focus();
    const place = placeOf(first[1], area.current.value);
    area.current.setSelectionRange(place, place);
  }, [wrong.value]);
  const write = (text: string) => (texts.value = texts.value.map((one, file) => (file === shown.value ? text : one)));
  // Only texts that have something in them are sent.
  const attempt: Attempt = async (act) => {
    const sent = texts.value.flatMap((text, file) => (text.trim() === '' ? [] : [{ text, file }]));
    const error = await problemFrom(() => act(sent.map(({ text }) => text)));
    wrong.value = (error?.problem.errors ?? []).flatMap(({ pointer, message }) => {
      const file = sent[Number(/^\/policies\/(\d+)/.exec(pointer)?.[1])]?.file;
      return file === undefined ? [] : [[file, message] as const];
    });
    shown.value = wrong.value[0]?.[0] ?? shown.value;
    if (error !== null && wrong.value.length === 0) throw error;
  };
  return (
    <>
      <Card title="Texts" aside={isAnyChanged && <span class="muted">Changed here, and kept nowhere else</span>}>
        <FileTools
          files={texts.value.map((_, file) => [
            nameOf(file),
            isChanged(file),
            wrong.value.some(([one]) => one === file),
          ])}
          shown={shown.value}
          onShown={(file) => (shown.value = file)}
          onAdded={() => (shown.value = (texts.value = [...texts.value, '']).length - 1)}
          onReset={
            isChanged(shown.value) && files[shown.value] ? () => write(files[shown.value]?.text ?? '') : undefined
          }
        />
        <Field
          label={`Text of ${nameOf(shown.value)}`}
          wrong={wrong.value.flatMap(([file, message]) => (file === shown.value ? [sentence(message)] : []))}
        >
          {(ties) => (
            <textarea
              {...ties}
              ref={area}
              class="code"
              rows={20}
              wrap="off"
              spellcheck={false}
              value={texts.value[shown.value]}
              onInput={({ currentTarget }) => write(currentTarget.value)}
            />
          )}
        </Field>
      </Card>
      <TryAsk attempt={attempt} />
      <Replay attempt={attempt} />
    </>
  );
}

interface FileToolsParts {
  readonly files: readonly (readonly [name: string, isChanged: boolean, isWrong: boolean])[];
  /** The place of the file that is shown. */
  readonly shown: number;
  readonly onShown: (file: number) => void;
  readonly onAdded: () => void;
  /** Undefined for a new file, and for a file that nobody has changed. */
  readonly onReset: (() => void) | undefined;
}

/** Chooses the file that is shown, adds a file, and takes back what was changed in this file. */
const FileTools = ({ files, shown, onShown, onAdded, onReset }: FileToolsParts) => (
  <div class="tools">
    <div>
      <label for="draft-file">File</label>
      <select
        id="draft-file"
        value={String(shown)}
        onChange={({ currentTarget }) => onShown(Number(currentTarget.value))}
      >
        {files.map(([name, isChanged, isWrong], file) => (
          <option key={file} value={String(file)}>
            {name}
            {isChanged && ' (changed)'}
            {isWrong && ' (wrong)'}
          </option>
        ))}
      </select>
    </div>
    <button type="button" onClick={onAdded}>
      Add a file
    </button>
    {onReset && (
      <button type="button" onClick={onReset}>
        As in force
      </button>
    )}
  </div>
);

/** Asks whoever closes the page whether they mean it, while there is something that would be lost. */
function useWarning(isOn: boolean): void {
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => isOn && event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [isOn]);
}
