import { signal, type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';
import { renewals } from '../../service/session.js';
import { AskingPolicy } from './asking-policy.js';
import { keyFor, type Offer } from './policy-says.js';
import { askOf, type AskValues, faultsIn, type FieldName, fieldNames, placed } from './spec.js';

/** Known before anything is typed. `certificate`: the one to renew; null: none. */
export interface Known {
  readonly offers: readonly Offer[];
  readonly clusters: readonly string[];
  readonly certificate: Schemas['Certificate'] | null;
}

export interface AskFormParts {
  readonly first: AskValues;
  /** Whether somebody has filled the fields in before. */
  readonly isFilled: boolean;
  readonly known: Known;
}

/** The props that each field of an ask has. */
export interface AskField {
  readonly value: Signal<string>;
  readonly wrong: readonly string[];
  readonly onTyped: () => void;
  readonly onLeft: () => void;
}

/** The texts in the fields, the ask that they make, and what policy says about it while somebody types. */
export function useAsk({ first, isFilled, known: { offers, certificate } }: AskFormParts) {
  const fields = useMemo(() => mapped((name) => signal(first[name])), []);
  const tried = useSignal(false);
  const error = useSignal<ProblemError | null>(null);
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
  const field = (name: FieldName): AskField => ({
    value: fields[name],
    wrong: all.filter(([wrong]) => wrong === name).map(([, text]) => text),
    onTyped: () => {
      error.value = null;
      policy.typed();
    },
    onLeft,
  });
  return { fields, field, ask, policy, tried, error, onLeft, others: violations.others };
}

const mapped = <T>(of: (name: FieldName) => T) =>
  Object.fromEntries(fieldNames.map((name) => [name, of(name)])) as Readonly<Record<FieldName, T>>;
