import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { addresses } from '../../parts/address.js';
import { Card } from '../../parts/bits.js';
import { Key, useKeys } from '../../parts/keys.js';
import { tell } from '../../parts/results.js';
import { useAct } from '../../parts/trouble.js';
import { sentence } from '../../parts/words.js';
import { answerOf, api } from '../../service/client.js';
import { caller, may } from '../../service/session.js';
import { type Request, resultInWords } from './request-words.js';

/** The two decisions: the words of their buttons, their keys, and how each looks. */
const choices = {
  approve: { name: 'Approve', key: 'a', look: 'primary', solid: 'primary', done: 'Approved' },
  deny: { name: 'Deny', key: 'd', look: 'danger', solid: 'danger solid', done: 'Denied' },
} as const;
type Choice = keyof typeof choices;

/** The decision in two steps, or why it is not the reader's: never a form that is going to be refused. */
export function Decision({ request, onDecided }: { readonly request: Request; readonly onDecided: () => void }) {
  const { id, actions } = request;
  const chosen = useSignal<Choice | null>(null);
  const comment = useSignal('');
  const { isBusy, run, trouble, forget } = useAct();
  const section = useRef<HTMLElement>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const allowed = (['approve', 'deny'] as const).filter((choice) => actions?.[choice].allowed);
  useKeys(Object.fromEntries(allowed.map((one) => [choices[one].key, () => void (chosen.value = one)])));
  // Before the next key, which belongs to the comment.
  useLayoutEffect(() => {
    if (chosen.value !== null) box.current?.focus();
  }, [chosen.value]);
  // The choice may have been taken away meanwhile.
  const choice = chosen.value !== null && allowed.includes(chosen.value) ? chosen.value : null;
  const send = async () => {
    if (choice === null || isBusy) return;
    const isDone = await run(async () => {
      const decided = await decide(id, choice, comment.value.trim());
      tell(resultInWords(choices[choice].done, decided, caller.value?.name ?? ''), addresses.request(id));
    });
    if (isDone) onDecided();
  };
  const back = () => {
    chosen.value = null;
    forget();
    setTimeout(() => section.current?.querySelector('button')?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && chosen.value !== null) {
      event.preventDefault();
      back();
    }
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void send();
  };
  if (!may('approve-requests')) return null;
  if (allowed.length === 0) return <NotYourDecision why={actions?.approve.why ?? ''} />;
  return (
    <section ref={section} class={`card decision ${choice && 'open'}`} aria-label="Your decision" onKeyDown={onKeyDown}>
      <header>
        <h2>Your decision</h2>
      </header>
      <label for="comment">Comment</label>
      <textarea
        id="comment"
        ref={box}
        rows={3}
        maxLength={1024}
        placeholder="Kept in the audit log"
        aria-describedby="why-not-approve"
        value={comment}
        onInput={({ currentTarget }) => (comment.value = currentTarget.value)}
      />
      {!allowed.includes('approve') && (
        <p class="quiet" id="why-not-approve">
          You may only deny it: <bdi>{actions?.approve.why}</bdi>.
        </p>
      )}
      {trouble}
      <p class="buttons">
        {choice === null ? (
          <ChoiceButtons allowed={allowed} onChosen={(one) => (chosen.value = one)} />
        ) : (
          <SendButtons choice={choice} onSend={() => void send()} onBack={back} />
        )}
      </p>
    </section>
  );
}

const NotYourDecision = ({ why }: { readonly why: string }) => (
  <Card title="Not your decision">
    <p class="quiet">
      <bdi>{sentence(why)}</bdi>
    </p>
  </Card>
);

interface ChoiceButtonsParts {
  readonly allowed: readonly Choice[];
  readonly onChosen: (choice: Choice) => void;
}

/** The buttons of the first step: a decision is chosen, and not sent yet. */
const ChoiceButtons = ({ allowed, onChosen }: ChoiceButtonsParts) => (
  <>
    {allowed.map((one) => (
      <button key={one} class={choices[one].look} aria-keyshortcuts={choices[one].key} onClick={() => onChosen(one)}>
        {choices[one].name} <Key name={choices[one].key.toUpperCase()} />
      </button>
    ))}
  </>
);

interface SendButtonsParts {
  readonly choice: Choice;
  readonly onSend: () => void;
  readonly onBack: () => void;
}

/** The buttons of the second step, which send the decision or go back. */
const SendButtons = ({ choice, onSend, onBack }: SendButtonsParts) => (
  <>
    <button class={choices[choice].solid} aria-keyshortcuts="Control+Enter" onClick={onSend}>
      {choices[choice].name} now <kbd aria-hidden="true">Ctrl ⏎</kbd>
    </button>
    <button aria-keyshortcuts="Escape" onClick={onBack}>
      Back <kbd aria-hidden="true">Esc</kbd>
    </button>
  </>
);

function decide(id: string, choice: Choice, comment: string): Promise<Request> {
  const call = { params: { path: { id } }, body: comment === '' ? {} : { comment } };
  return answerOf(
    choice === 'approve'
      ? api.POST('/v1/certificate-requests/{id}/approve', call)
      : api.POST('/v1/certificate-requests/{id}/deny', call),
  );
}
