import { type Signal, useSignal } from '@preact/signals';
import { Field, TextField } from '../../parts/field.js';
import { spaced } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';

type Reason = Schemas['RevocationReason'];
const reasons = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const satisfies readonly Reason[];

interface Why {
  readonly reason: Signal<Reason>;
  readonly comment: Signal<string>;
}

/** The fields of a revocation or a block, and what they say for the API. */
export function useWhy(first: Reason) {
  const why: Why = { reason: useSignal(first), comment: useSignal('') };
  const body = () => ({
    reason: why.reason.value,
    ...(why.comment.value !== '' && { comment: why.comment.value }),
  });
  return { why, body };
}

/** Why something is revoked or blocked: the reason of RFC 5280, section 5.3.1, and a comment. */
export const WhyFields = ({ reason, comment }: Why) => (
  <>
    <Field label="Reason">
      {(ties) => (
        <select
          {...ties}
          value={reason.value}
          onChange={({ currentTarget }) => (reason.value = currentTarget.value as Reason)}
        >
          {reasons.map((one) => (
            <option key={one} value={one}>
              {spaced(one)}
            </option>
          ))}
        </select>
      )}
    </Field>
    <TextField label="Comment" value={comment} rows={2} maxLength={1024} />
  </>
);
