import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { signal } from '@preact/signals';
import { addresses, addressOf } from '../../parts/address.js';
import { announce } from '../../parts/announce.js';
import { Field, TextField } from '../../parts/field.js';
import { KeptKubeconfig, saveKubeconfig } from '../../parts/kept-kubeconfig.js';
import { Trouble } from '../../parts/trouble.js';
import { duration } from '../../parts/words.js';
import { problemFrom, type Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';
import { caller } from '../../service/session.js';
import { CsrField, type Names } from './csr-field.js';
import { choices, secondsOf } from '../../parts/lifetime.js';
import type { Offer } from './offers.js';
import { Sending } from './send.js';
import { askOf, errorsAtFields, placed, type AskValues, type FieldName, type Wrong } from './spec.js';
import { useVerdict } from './use-verdict.js';
import { WhatPolicySays } from './verdict.js';

/** All that the page knows before anything is typed. `certificate`: the one to renew; null: none. */
export interface Known {
  readonly offers: readonly Offer[];
  readonly clusters: readonly string[];
  readonly certificate: Schemas['Certificate'] | null;
}

const keyAlgorithms = [
  'ECDSA-P256',
  'ECDSA-P384',
  'ECDSA-P521',
  'Ed25519',
  'RSA-2048',
  'RSA-3072',
  'RSA-4096',
] as const satisfies readonly Schemas['KeyAlgorithm'][];

/** The fields of an ask, and beside them what policy says about it. `isFilled`: somebody has filled them in before. */
export function AskForm({
  first,
  isFilled,
  known: { offers, clusters, certificate },
}: {
  readonly first: AskValues;
  readonly isFilled: boolean;
  readonly known: Known;
}) {
  const fields = useMemo(
    () => Object.fromEntries(Object.entries(first).map(([name, value]) => [name, signal(value)])) as Fields,
    [],
  );
  const { route } = useLocation();
  const form = useRef<HTMLFormElement>(null);
  const sending = useMemo(() => new Sending(), []);
  const names = useSignal<Names | null>(null);
  const tried = useSignal(false);
  const busy = useSignal(false);
  const error = useSignal<ProblemError | null>(null);
  const kept = useSignal<Blob | null>(null);
  const renewalOf = certificate?.fingerprintSha256 ?? null;

  const ask = () => askOf(valuesOf(fields), renewalOf);
  const { said, typed, left } = useVerdict(() => {
    const { spec, wrong } = ask();
    return Object.keys(wrong).length > 0 ? null : spec;
  });
  useEffect(() => {
    if (isFilled) void left();
  }, []);

  const now = ask();
  const { wrong: violated, others } = placed(said.value.decision?.violations ?? [], now.spec.csr !== undefined);
  const refused = said.value.error ?? error.value;
  // An empty field is wrong once somebody has tried to send it.
  const local = tried.value ? now.wrong : withoutEmpty(now.wrong, valuesOf(fields));
  const wrongAt = all(local, violated, refused ? errorsAtFields(refused.problem) : {});
  const parts = (name: FieldName) => ({
    value: fields[name],
    wrong: wrongAt[name],
    onTyped: typed,
    onLeft: () => void left(),
  });

  const send = async (event: Event) => {
    event.preventDefault();
    tried.value = true;
    busy.value = true;
    error.value = null;
    const { decision } = await left();
    const { spec, wrong } = ask();
    if (Object.keys(wrong).length === 0 && decision?.outcome === 'permitted')
      error.value = await problemFrom(async () => {
        const { request, kubeconfig } = await sending.send(spec);
        if (kubeconfig === null) {
          route(addresses.request(request.id));
          return;
        }
        kept.value = kubeconfig;
        saveKubeconfig(kubeconfig, request);
        announce('The kubeconfig was saved.');
      });
    busy.value = false;
    if (kept.value === null) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  };
  if (kept.value && certificate)
    return <KeptKubeconfig kept={kept} of={{ ...certificate, expirationSeconds: lifetimeOf(certificate) }} />;

  const isFromCsr = names.value !== null;
  const chosen = choices(longestOf(offers, fields.cluster.value.trim()));
  return (
    <div class="columns ask">
      <form ref={form} class="card" noValidate onSubmit={(event) => void send(event)}>
        {certificate === null && (
          <>
            <TextField label="Cluster" {...parts('cluster')} list="clusters" required />
            <datalist id="clusters">
              {clusters.map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
            <TextField label="Username" {...parts('username')} readOnly={isFromCsr} required />
            <TextField
              label="Groups"
              {...parts('groups')}
              readOnly={isFromCsr}
              hint={isFromCsr ? 'Both names are those of the CSR.' : 'Commas between them.'}
            />
          </>
        )}
        <TextField
          label="Lifetime"
          {...parts('lifetime')}
          placeholder={certificate ? 'as it was' : '1 day, or less if policy says so'}
          hint={
            <span class="chips">
              {chosen.map((seconds) => (
                <button
                  key={seconds}
                  type="button"
                  class="choice"
                  onClick={() => {
                    fields.lifetime.value = duration(seconds);
                    void left();
                  }}
                >
                  {duration(seconds)}
                </button>
              ))}
            </span>
          }
          onLeft={() => {
            const seconds = secondsOf(fields.lifetime.value);
            if (seconds !== null) fields.lifetime.value = duration(seconds);
            void left();
          }}
        />
        <TextField
          label="Reason"
          {...parts('reason')}
          rows={3}
          maxLength={1024}
          hint="For the people who decide. It is kept in the audit log."
        />
        {certificate === null && (
          <div class="pair">
            <TextField label="Namespace" {...parts('namespace')} hint="Of the context in the kubeconfig." />
            <TextField label="Labels" {...parts('labels')} hint="key=value, commas between them." />
            <TextField label="Who collects it" {...parts('collector')} placeholder={caller.value?.name ?? ''} />
            {now.spec.csr === undefined && (
              <Field label="Kind of key" wrong={wrongAt.keyAlgorithm}>
                {(ties) => (
                  <select
                    {...ties}
                    value={fields.keyAlgorithm.value}
                    onChange={({ currentTarget }) => {
                      fields.keyAlgorithm.value = currentTarget.value;
                      void left();
                    }}
                  >
                    <option value="">the usual one</option>
                    {keyAlgorithms.map((name) => (
                      <option key={name}>{name}</option>
                    ))}
                  </select>
                )}
              </Field>
            )}
          </div>
        )}
        <CsrField
          {...parts('csr')}
          onNames={(found) => {
            names.value = found;
            if (found === null) return;
            fields.username.value = found.username;
            fields.groups.value = found.groups.join(', ');
          }}
        />
        {error.value && <Trouble error={error.value} />}
        {error.value?.problem.certificateRequestId !== undefined && (
          <p>
            <a href={addresses.request(error.value.problem.certificateRequestId)}>The request as it was recorded</a>
          </p>
        )}
        <p class="buttons">
          <button class="primary" disabled={busy.value}>
            {certificate ? 'Renew' : 'Ask'}
          </button>
          <button type="button" onClick={() => void copyLink(fields, renewalOf)}>
            Copy a link to this
          </button>
        </p>
      </form>
      <WhatPolicySays said={said.value} others={others} />
    </div>
  );
}

type Fields = { readonly [name in FieldName]: Signal<string> };

const valuesOf = (fields: Fields): AskValues =>
  Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value])) as unknown as AskValues;

const withoutEmpty = (wrong: Wrong, values: AskValues): Wrong =>
  Object.fromEntries(Object.entries(wrong).filter(([name]) => values[name as FieldName].trim() !== ''));

const all = (...some: readonly Wrong[]): Wrong => {
  const names = new Set(some.flatMap((wrong) => Object.keys(wrong) as FieldName[]));
  return Object.fromEntries([...names].map((name) => [name, [...new Set(some.flatMap((wrong) => wrong[name] ?? []))]]));
};

/** The longest lifetime that a policy for the cluster offers. */
function longestOf(offers: readonly Offer[], cluster: string): number {
  const fit = offers.filter(({ clusters }) => cluster === '' || clusters.includes('*') || clusters.includes(cluster));
  const lifetimes = (fit.length > 0 ? fit : offers).map(({ maxExpirationSeconds }) => maxExpirationSeconds ?? Infinity);
  return lifetimes.length === 0 ? Infinity : Math.max(...lifetimes);
}

const lifetimeOf = ({ notBefore, notAfter }: Schemas['Certificate']): number =>
  (new Date(notAfter).getTime() - new Date(notBefore).getTime()) / 1000;

/** An address that fills the fields as they are, without the CSR. */
async function copyLink(fields: Fields, renewalOf: string | null): Promise<void> {
  const { groups, labels, lifetime, csr: _csr, keyAlgorithm: _algorithm, ...others } = valuesOf(fields);
  const expirationSeconds = secondsOf(lifetime);
  const own = renewalOf === null ? { ...others, group: groups, label: labels } : { reason: others.reason };
  const address = addressOf('/console/ask', { ...own, expirationSeconds, renewalOf });
  await navigator.clipboard.writeText(location.origin + address);
  announce('The link was copied. It has what stands in the fields, without the CSR.');
}
