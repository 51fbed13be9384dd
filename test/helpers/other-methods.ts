import type { RouteContext } from '../../src/start/route-context.js';
import type { Store } from '../../src/store/store.js';

/** The same object with other methods. Its own go on with its private fields. */
export const withMethods = <T extends object>(real: T, others: Partial<T>): T =>
  new Proxy(real, {
    get(_, key) {
      const found: unknown = Reflect.get(key in others ? others : real, key);
      if (typeof found !== 'function') return found;
      return (...asked: unknown[]): unknown => Reflect.apply(found, real, asked);
    },
  });

/** The context of routes whose store answers otherwise. */
export const withReaders = <
  Name extends 'certificates' | 'identities' | 'auditEvents' | 'recordedRequests' | 'inventory',
>(
  context: RouteContext,
  name: Name,
  others: Partial<Store[Name]>,
): RouteContext => ({
  ...context,
  store: { ...context.store, [name]: withMethods(context.store[name], others) },
});
