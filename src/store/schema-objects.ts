/** Objects of a schema, such as `trigger AuditRecord_no_delete`, and how each is defined. */
export type SchemaObjects = ReadonlyMap<string, string>;

/**
 * Why these are not the objects that the migrations make, in words that go on after the database's name; null: they are. A trigger that
 * no migration makes is one reason, because it may undo a write. Others, such as an index of an operator, are none.
 */
export function whyNotSchema(made: SchemaObjects, found: SchemaObjects): string | null {
  for (const [object, definition] of made) {
    const other = found.get(object);
    if (other === undefined) return `lacks the ${object}`;
    if (other !== definition) return `has a ${object} that was changed`;
  }
  const added = [...found.keys()].find((object) => object.startsWith('trigger ') && !made.has(object));
  return added === undefined ? null : `has the ${added}, which no migration makes`;
}
