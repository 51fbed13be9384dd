/** An object of a schema, such as `trigger AuditRecord_no_delete`. */
export interface SchemaObject {
  readonly object: string;
  readonly definition: string;
}

/**
 * Why these are not the objects that the migrations make, in words that go on after the database's name; null: they are. A trigger that
 * no migration makes is one reason, because it may undo a write. Others, such as an index of an operator, are none.
 */
export function whyOther(found: readonly SchemaObject[], made: readonly SchemaObject[]): string | null {
  for (const { object, definition } of made) {
    const other = found.find((one) => one.object === object);
    if (other === undefined) return `lacks the ${object}`;
    if (other.definition !== definition) return `has a ${object} that was changed`;
  }
  const added = found.find(({ object }) => /^trigger /.test(object) && !made.some((one) => one.object === object));
  return added === undefined ? null : `has the ${added.object}, which no migration makes`;
}
