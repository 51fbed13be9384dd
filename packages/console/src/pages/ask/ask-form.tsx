import { signal, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { addresses, useAddress } from '../../parts/address.js';
import { TextField } from '../../parts/field.js';
import { KeptKubeconfig, saveKubeconfig } from '../../parts/kubeconfig.js';
import { choices, duration, secondsOf } from '../../parts/words.js';
import { Trouble } from '../../parts/trouble.js';
import { problemFrom, type Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';
import { caller, renewals } from '../../service/session.js';
import { AskingPolicy, Sending } from './asking-policy.js';
import { CsrField } from './csr-field.js';
import { keyFor, type Offer, offersFor, WhatPolicySays } from './policy-says.js';
import { askOf, type AskValues, faultsIn, type FieldName, fieldNames, placed } from './spec.js';

/** Known before anything is typed. `certificate`: the one to renew; null: none. */
export interface Known {
  readonly offers: readonly Offer[];
  readonly clusters: readonly string[];
  readonly certificate: Schemas['Certificate'] | null;
}

interface AskFormParts {
  readonly first: AskValues;
  /** Whether somebody has filled the fields in before. */
  readonly isFilled: boolean;
  readonly known: Known;
}

/** The fields of an ask, and beside them what policy says about it. */
export function AskForm({ first, isFilled, known: { offers, clusters, certificate } }: AskFormParts) {
  const { go } = useAddress();
  const form = useRef<HTMLFormElement>(null);
  const sending = useMemo(() => new Sending(), []);
  const fields = useMemo(() => mapped((name) => signal(first[name])), []);
  const hasNames = useSignal(false);
  const tried = useSignal(false);
  const busy = useSignal(false);
  const error = useSignal<ProblemError | null>(null);
  const kept = useSignal<Blob | null>(null);

  const ask = () => {
    const values = mapped((name) => fields[name].value);
    const { spec, faults } = askOf(values, certificate?.fingerprintSha256 ?? null);
    const algorithm = spec.csr === undefined && certificate === null ? keyFor(offers, values.cluster) : undefined;
    return { spec: algorithm ? { ...spec, keyAlgorithm: algorithm } : spec, faults };
  };
  const faultless = () => {
    const { spec, faults } = ask();
    return faults.length > 0 ? null : spec;
  };
  const policy = useMemo(() => new AskingPolicy(faultless), []);
  const onLeft = () => void policy.left();
  useEffect(() => {
    if (isFilled) onLeft();
    return () => policy.end();
  }, []);
  // After a new sign-in, what the ended session was refused is no matter any more.
  const renewal = renewals.value;
  useEffect(() => {
    error.value = null;
    if (renewal > 0) onLeft();
  }, [renewal]);

  const { spec, faults } = ask();
  const said = policy.said.value;
  const violations = placed(said.decision?.violations ?? [], spec.csr !== undefined);
  const refusal = said.error ?? error.value;
  const all = [
    // An empty field is wrong once somebody has tried to send it.
    ...faults.filter(([name]) => tried.value || fields[name].value.trim() !== ''),
    ...violations.faults,
    ...(refusal ? faultsIn(refusal.problem) : []),
  ];
  const parts = (name: FieldName) => ({
    value: fields[name],
    wrong: all.filter(([field]) => field === name).map(([, text]) => text),
    onTyped: () => {
      error.value = null;
      policy.typed();
    },
    onLeft,
  });

  const send = async (event: Event) => {
    event.preventDefault();
    tried.value = busy.value = true;
    const { decision, error: why } = await policy.left();
    error.value = why;
    if (decision?.outcome === 'permitted')
      error.value = await problemFrom(async () => {
        const { request, kubeconfig } = await sending.send(ask().spec);
        kept.value = kubeconfig;
        if (kubeconfig) saveKubeconfig(kubeconfig, request);
        else go(addresses.request(request.id));
      });
    busy.value = false;
    form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  };
  if (kept.value && certificate) return <KeptKubeconfig kept={kept} of={certificate} />;

  const reasonHint = 'For the people who decide. It is kept in the audit log.';
  const groupsHint = hasNames.value ? 'Both names are those of the CSR.' : 'Commas between them.';
  const recorded = error.value?.problem.certificateRequestId;
  const bounds = offersFor(offers, fields.cluster.value).map((one) => one.maxExpirationSeconds ?? Infinity);
  return (
    <div class="columns">
      <form ref={form} class="card" noValidate onSubmit={(event) => void send(event)}>
        {certificate === null && (
          <>
            <TextField label="Cluster" {...parts('cluster')} options={clusters} required />
            <TextField label="Username" {...parts('username')} readOnly={hasNames.value} required />
            <TextField label="Groups" {...parts('groups')} readOnly={hasNames.value} hint={groupsHint} />
          </>
        )}
        <TextField
          label="Lifetime"
          {...parts('lifetime')}
          options={choices(bounds.length === 0 ? Infinity : Math.max(...bounds)).map(duration)}
          placeholder={certificate ? 'as it was' : '1 day, or less if policy says so'}
          onLeft={() => {
            const seconds = secondsOf(fields.lifetime.value);
            if (seconds !== null) fields.lifetime.value = duration(seconds);
            onLeft();
          }}
        />
        <TextField label="Reason" {...parts('reason')} rows={3} hint={reasonHint} />
        {certificate === null && (
          <div class="pair">
            <TextField label="Namespace" {...parts('namespace')} hint="Of the context in the kubeconfig." />
            <TextField label="Labels" {...parts('labels')} hint="key=value, commas between them." />
            <TextField label="Who collects it" {...parts('collector')} placeholder={caller.value?.name ?? ''} />
          </div>
        )}
        <CsrField
          {...parts('csr')}
          onNames={(names) => {
            hasNames.value = names !== null;
            if (names === null) return;
            fields.username.value = names.username;
            fields.groups.value = names.groups.join(', ');
          }}
        />
        {error.value && <Trouble error={error.value} />}
        {recorded !== undefined && <a href={addresses.request(recorded)}>The request as it was recorded</a>}
        <p class="buttons">
          <button class="primary" disabled={busy.value}>
            {certificate ? 'Renew' : 'Ask'}
          </button>
        </p>
      </form>
      <WhatPolicySays {...said} others={violations.others} again={onLeft} />
    </div>
  );
}

const mapped = <T,>(of: (name: FieldName) => T) =>
  Object.fromEntries(fieldNames.map((name) => [name, of(name)])) as Readonly<Record<FieldName, T>>;
