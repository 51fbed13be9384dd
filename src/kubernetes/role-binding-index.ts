import type { BindingReference, BoundSubject, RoleReference, RoleRule } from '../model/blast-radius.js';

/** The fields of a RoleBinding or ClusterRoleBinding that are read here. */
export interface Binding extends BindingReference {
  readonly subjects: readonly BoundSubject[];
  readonly role: RoleReference;
}

/** A Role (`namespace` is its own) or ClusterRole (`namespace` null). */
export interface RoleDefinition extends RoleReference {
  readonly namespace: string | null;
  readonly rules: readonly RoleRule[];
}

/** The roles and bindings of a cluster at one time. */
export interface RoleBindingSnapshot {
  readonly observedAt: Date;
  bindingsOf(subject: BoundSubject): Iterable<Binding>;
  /** Null where there is no such role; `namespace` is the binding's. */
  rulesOf(role: RoleReference, namespace: string | null): readonly RoleRule[] | null;
}

/** Roles by name and bindings by subject, kept up to date object by object. */
export class RoleBindingIndex {
  readonly #bySubject = new Map<string, Set<Binding>>();
  readonly #roles = new Map<string, RoleDefinition>();

  addBinding(binding: Binding): void {
    for (const subject of binding.subjects) {
      const key = subjectKey(subject);
      const bindings = this.#bySubject.get(key) ?? new Set();
      bindings.add(binding);
      this.#bySubject.set(key, bindings);
    }
  }

  /** Takes the very object that was added. */
  removeBinding(binding: Binding): void {
    for (const subject of binding.subjects) {
      const key = subjectKey(subject);
      const bindings = this.#bySubject.get(key);
      bindings?.delete(binding);
      if (bindings?.size === 0) this.#bySubject.delete(key);
    }
  }

  /** Replaces a role of the same name. */
  putRole(role: RoleDefinition): void {
    this.#roles.set(roleKey(role, role.namespace), role);
  }

  removeRole(role: RoleDefinition): void {
    this.#roles.delete(roleKey(role, role.namespace));
  }

  bindingsOf(subject: BoundSubject): Iterable<Binding> {
    return this.#bySubject.get(subjectKey(subject)) ?? [];
  }

  rulesOf(role: RoleReference, namespace: string | null): readonly RoleRule[] | null {
    return this.#roles.get(roleKey(role, role.kind === 'Role' ? namespace : null))?.rules ?? null;
  }
}

const subjectKey = ({ kind, name }: BoundSubject): string => `${kind}/${name}`;
/** Unique, as names of roles and namespaces have no slash. */
const roleKey = ({ kind, name }: RoleReference, namespace: string | null): string =>
  `${kind}/${namespace ?? ''}/${name}`;
