import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { TextField } from '../../parts/field.js';
import { answerOf, api } from '../../service/client.js';
import { csrIn, hasPrivateKey } from './spec.js';

const privateKey = 'This is a private key. It was not read further and not sent: a CSR has the public key alone.';
const notPem = 'This file is no CSR as PEM. For DER: openssl req -inform DER -in FILE -out client.csr';
/** As large as the API takes a CSR. */
const mostOctets = 32_768;

/** The names in a CSR. */
export interface Names {
  readonly username: string;
  readonly groups: readonly string[];
}

/**
 * The field for a CSR, typed, chosen or dropped anywhere on the page. Nothing but the PEM block of a CSR is taken: a
 * private key gets neither into the field nor to the service.
 */
export function CsrField({
  value,
  wrong,
  onTyped,
  onLeft,
  onNames,
}: {
  readonly value: Signal<string>;
  readonly wrong: readonly string[] | undefined;
  readonly onTyped: () => void;
  readonly onLeft: () => void;
  /** The names of the CSR that stands there now; null: there is none. */
  readonly onNames: (names: Names | null) => void;
}) {
  const refused = useSignal<string | null>(null);
  const take = (text: string, otherwise: string): boolean => {
    const csr = csrIn(text);
    refused.value = hasPrivateKey(text) ? privateKey : csr === undefined ? otherwise : null;
    if (refused.value !== null || csr === undefined) return false;
    value.value = csr;
    onTyped();
    return true;
  };
  const takeFile = async (file: File | undefined) => {
    if (file && take(file.size > mostOctets ? '' : await file.text(), notPem)) onLeft();
  };
  useEffect(() => {
    const onDrag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      if (event.type === 'drop') void takeFile(event.dataTransfer.files[0]);
    };
    const onPaste = (event: ClipboardEvent) => {
      if (!hasPrivateKey(event.clipboardData?.getData('text') ?? '')) return;
      event.preventDefault();
      refused.value = privateKey;
    };
    addEventListener('dragover', onDrag);
    addEventListener('drop', onDrag);
    addEventListener('paste', onPaste);
    return () => {
      removeEventListener('dragover', onDrag);
      removeEventListener('drop', onDrag);
      removeEventListener('paste', onPaste);
    };
  }, []);
  const csr = csrIn(value.value);
  useEffect(() => {
    onNames(null);
    if (csr === undefined) return;
    const stop = new AbortController();
    // A CSR that cannot be read: policy says so when it is asked.
    void namesOf(csr, stop.signal).then(
      (names) => !stop.signal.aborted && onNames(names),
      () => undefined,
    );
    return () => stop.abort();
  }, [csr]);
  return (
    <>
      <TextField
        label="CSR"
        rows={3}
        value={value}
        wrong={refused.value === null ? wrong : [refused.value]}
        hint="Where you keep the key: PEM, typed, or a file dropped anywhere here. Its names fill the fields."
        onTyped={() => {
          // A text of many lines may come as many events: the last one is empty once the key was taken out.
          if (value.value !== '') refused.value = null;
          if (hasPrivateKey(value.value)) {
            value.value = '';
            refused.value = privateKey;
          }
          onTyped();
        }}
        onLeft={onLeft}
      />
      <label class="button file">
        Choose a file
        <input
          type="file"
          class="hidden"
          onChange={({ currentTarget }) => {
            void takeFile(currentTarget.files?.[0]);
            currentTarget.value = '';
          }}
        />
      </label>
    </>
  );
}

async function namesOf(csr: string, signal: AbortSignal): Promise<Names | null> {
  const { objects } = await answerOf(api.POST('/v1/inspections', { body: { content: csr }, signal }));
  const found = objects.find((one) => one.type === 'CertificationRequest');
  return found?.kubernetes ?? null;
}
