const watched = { Object, Array, String, Number, Boolean, Function, Map, Set, Date, RegExp, Error, Promise };

type Members = ReadonlyMap<PropertyKey, unknown>;
const membersOf = (holder: object): Members =>
  new Map(
    Reflect.ownKeys(holder).map((key) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(holder, key);
      return [key, (descriptor?.value as unknown) ?? descriptor?.get];
    }),
  );

/** The prototypes that everything shares, as they were at first. */
export class Prototypes {
  readonly #before = Object.entries(watched).map(([name, { prototype }]) => ({
    ...{ name, prototype: prototype as object },
    members: membersOf(prototype as object),
  }));

  /** The name of one that is not as it was; null: there is none. */
  changed(): string | null {
    const found = this.#before.find(({ prototype, members }) => {
      const now = membersOf(prototype);
      return now.size !== members.size || [...now].some(([key, value]) => members.get(key) !== value);
    });
    return found === undefined ? null : `${found.name}.prototype`;
  }
}
