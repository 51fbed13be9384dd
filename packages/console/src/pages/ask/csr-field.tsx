import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { TextField } from '../../parts/field.js';
import { answerOf, api } from '../../service/client.js';
import { csrIn, hasPrivateKey } from './spec.js';

const privateKey = 'This is a private key. It was not sent. Use a CSR: it has the public key only.';
const notPem = 'This file is not a CSR in PEM form. To convert DER: openssl req -inform DER -in FILE -out client.csr';
/** As large as the API takes a CSR. */
const mostOctets = 32_768;

interface CsrFieldParts {
  readonly value: Signal<string>;
  readonly wrong: readonly string[];
  readonly onTyped: () => void;
  readonly onLeft: () => void;
  /** The names in the CSR that stands there now; null: there is none. */
  readonly onNames: (names: { readonly username: string; readonly groups: readonly string[] } | null) => void;
}

/**
 * The field for a CSR, typed, chosen or dropped anywhere on the page. Nothing but the PEM block of a CSR is taken: a
 * private key gets neither into the field nor to the service.
 */
export function CsrField({ value, wrong, onTyped, onLeft, onNames }: CsrFieldParts) {
  const refused = useSignal<string | null>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    const text = file.size > mostOctets ? '' : await file.text();
    const csr = csrIn(text);
    refused.value = hasPrivateKey(text) ? privateKey : csr === undefined ? notPem : null;
    if (refused.value !== null || csr === undefined) return;
    value.value = csr;
    onLeft();
  };
  const onInput = () => {
    // A text of many lines may come as many events: the last one is empty once the key was taken out.
    if (value.value !== '') refused.value = null;
    if (hasPrivateKey(value.value)) {
      value.value = '';
      refused.value = privateKey;
    }
    onTyped();
  };
  useEffect(() => {
    const onDrag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      if (event.type === 'drop') void take(event.dataTransfer.files[0]);
    };
    const onPaste = (event: ClipboardEvent) => {
      if (!hasPrivateKey(event.clipboardData?.getData('text') ?? '')) return;
      event.preventDefault();
      refused.value = privateKey;
    };
    const stop = new AbortController();
    for (const name of ['dragover', 'drop'] as const) addEventListener(name, onDrag, stop);
    addEventListener('paste', onPaste, stop);
    return () => stop.abort();
  }, []);
  const csr = csrIn(value.value);
  useEffect(() => {
    onNames(null);
    if (csr === undefined) return;
    const stop = new AbortController();
    // A CSR that cannot be read: policy says so when it is asked.
    void answerOf(api.POST('/v1/inspections', { body: { content: csr }, signal: stop.signal })).then(
      ({ objects }) => onNames(objects.find((one) => one.type === 'CertificationRequest')?.kubernetes ?? null),
      () => undefined,
    );
    return () => stop.abort();
  }, [csr]);
  const isUsed = value.value !== '' || wrong.length > 0 || refused.value !== null;
  return (
    <details open={isUsed}>
      <summary>Your own key</summary>
      <TextField
        label="CSR"
        rows={3}
        value={value}
        wrong={refused.value === null ? wrong : [refused.value]}
        hint="For a key that you keep: a CSR as PEM, typed, or a file dropped anywhere here. Its names fill the fields."
        onTyped={onInput}
        onLeft={onLeft}
      />
      <label class="button file">
        Choose a file
        <input
          type="file"
          class="hidden"
          onChange={({ currentTarget }) => {
            void take(currentTarget.files?.[0]);
            currentTarget.value = '';
          }}
        />
      </label>
    </details>
  );
}
