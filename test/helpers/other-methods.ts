/** The same object with other methods. Its own go on with its private fields. */
export const withMethods = <T extends object>(real: T, others: Partial<T>): T =>
  new Proxy(real, {
    get(_, key) {
      const found: unknown = Reflect.get(key in others ? others : real, key);
      if (typeof found !== 'function') return found;
      return (...asked: unknown[]): unknown => Reflect.apply(found, real, asked);
    },
  });
