import { type Signal, useSignal } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import { addresses, useAddress } from '../../parts/address.js';
import { Written } from '../../parts/bits.js';
import { TextField } from '../../parts/field.js';
import { KeptKubeconfig, saveKubeconfig } from '../../parts/kubeconfig.js';
import { tell } from '../../parts/results.js';
import { choices, duration, either, secondsOf } from '../../parts/words.js';
import { Trouble } from '../../parts/trouble.js';
import { problemFrom } from '../../service/client.js';
import { caller } from '../../service/session.js';
import { resultInWords } from '../requests/request-words.js';
import { Sending } from './asking-policy.js';
import { CsrField } from './csr-field.js';
import { type Offer, Offers, offersFor, WhatPolicySays } from './policy-says.js';
import { type FieldName, filledBy } from './spec.js';
import { type AskField, type AskFormParts, useAsk } from './use-ask.js';

/** The fields of an ask, and beside them what policy says about it. */
export function AskForm(parts: AskFormParts) {
  const { offers, clusters, certificate } = parts.known;
  const { go } = useAddress();
  const form = useRef<HTMLFormElement>(null);
  const sending = useMemo(() => new Sending(), []);
  const me = caller.value?.name ?? '';
  const { fields, field, ask, policy, tried, error, onLeft, others } = useAsk(parts);
  const hasNames = useSignal(false);
  const busy = useSignal(false);
  const kept = useSignal<Blob | null>(null);
  const taken = useSignal<Offer | null>(null);

  const send = async (event: Event) => {
    event.preventDefault();
    tried.value = busy.value = true;
    const { decision, error: why } = await policy.left();
    error.value = why;
    if (decision?.outcome === 'permitted')
      error.value = await problemFrom(async () => {
        const { request, kubeconfig } = await sending.send(ask().spec);
        kept.value = kubeconfig;
        tell(resultInWords(kubeconfig ? 'Renewed' : 'Asked', request, me), addresses.request(request.id));
        if (kubeconfig) saveKubeconfig(kubeconfig, request);
        else go(addresses.request(request.id));
      });
    busy.value = false;
    form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  };
  const take = (offer: Offer) => {
    const filled = filledBy(offer, { cluster: fields.cluster.value, username: fields.username.value });
    for (const [name, text] of Object.entries(filled)) fields[name as FieldName].value = text;
    taken.value = offer;
    onLeft();
    setTimeout(() => [...(form.current?.querySelectorAll('input, select, textarea') ?? [])].find(isEmpty)?.focus());
  };
  if (kept.value && certificate) return <KeptKubeconfig kept={kept} of={certificate} />;

  const recorded = error.value?.problem.certificateRequestId;
  const fitting = offersFor(offers, fields.cluster.value);
  return (
    <div class="columns ask">
      {certificate === null && <Offers offers={offers} onTaken={take} />}
      <form ref={form} class="card" noValidate onSubmit={(event) => void send(event)}>
        <div class="pair">
          {certificate === null && <IdentityFields {...{ field, clusters, taken }} areOfCsr={hasNames.value} />}
          <LifetimeField {...field('lifetime')} isRenewal={certificate !== null} offers={fitting} />
        </div>
        <TextField
          label="Reason"
          {...field('reason')}
          rows={2}
          hint="For the people who decide. The audit log keeps it."
        />
        {certificate === null && <CollectionFields field={field} />}
        <CsrField
          {...field('csr')}
          onNames={(names) => {
            hasNames.value = names !== null;
            if (names === null) return;
            fields.username.value = names.username;
            fields.groups.value = names.groups.join(', ');
          }}
        />
        {error.value && <Trouble error={error.value} />}
        {recorded !== undefined && <a href={addresses.request(recorded)}>See the recorded request</a>}
        <p class="buttons">
          <button class="primary" disabled={busy.value}>
            {certificate ? 'Renew' : 'Ask'}
          </button>
        </p>
      </form>
      <WhatPolicySays {...policy.said.value} others={others} again={onLeft} />
    </div>
  );
}

const isEmpty = (field: Element): field is HTMLInputElement => 'value' in field && field.value === '';

interface FieldsParts {
  readonly field: (name: FieldName) => AskField;
}
interface IdentityFieldsParts extends FieldsParts {
  readonly clusters: readonly string[];
  /** Whether a CSR names the user and the groups. */
  readonly areOfCsr: boolean;
  /** The offer that filled the fields. */
  readonly taken: Signal<Offer | null>;
}

/** With more clusters a name is typed. */
const mostToChoose = 10;

/** The fields that say who is to get in where. */
const IdentityFields = ({ field, clusters, areOfCsr, taken }: IdentityFieldsParts) => (
  <>
    <TextField
      label="Cluster"
      {...field('cluster')}
      options={clusters}
      isChoice={clusters.length <= mostToChoose}
      required
    />
    <TextField label="Username" {...field('username')} readOnly={areOfCsr} required />
    <TextField
      label="Groups"
      {...field('groups')}
      readOnly={areOfCsr}
      hint={
        areOfCsr
          ? 'Username and groups come from the CSR.'
          : ['Separate them with commas. ', <Offered key="offer" of={taken.value} />]
      }
    />
  </>
);

const Offered = ({ of }: { readonly of: Offer | null }) =>
  of && <Written text={`This offer has ${either(of.groups)}.`} most={240} />;

interface LifetimeFieldParts extends AskField {
  readonly isRenewal: boolean;
  /** The offers of policy. Each may bound the lifetime. */
  readonly offers: readonly Offer[];
}

/** The field for a lifetime. When it is left, it says in words what was typed. */
function LifetimeField({ isRenewal, offers, value, onLeft, ...others }: LifetimeFieldParts) {
  const longest =
    offers.length === 0 ? Infinity : Math.max(...offers.map((one) => one.maxExpirationSeconds ?? Infinity));
  return (
    <TextField
      label="Lifetime"
      {...others}
      value={value}
      options={choices(longest).map(duration)}
      placeholder={isRenewal ? 'as it was' : '1 day, or less if policy says so'}
      onLeft={() => {
        const seconds = secondsOf(value.value);
        if (seconds !== null) value.value = duration(seconds);
        onLeft();
      }}
    />
  );
}

/** The fields of the kubeconfig, of the request, and of its collector. */
const CollectionFields = ({ field }: FieldsParts) => {
  const [namespace, labels, collector] = [field('namespace'), field('labels'), field('collector')];
  const isUsed = [namespace, labels, collector].some(({ value, wrong }) => value.value !== '' || wrong.length > 0);
  return (
    <details open={isUsed}>
      <summary>Namespace, labels, collector</summary>
      <div class="pair">
        <TextField label="Namespace" {...namespace} hint="Of the context in the kubeconfig." />
        <TextField label="Labels" {...labels} hint="key=value, separated by commas." />
        <TextField label="Who collects it" {...collector} placeholder={caller.value?.name ?? ''} />
      </div>
    </details>
  );
};
