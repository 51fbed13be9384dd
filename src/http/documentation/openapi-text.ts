/** An OpenAPI document as text that depends on nothing but its content: members in order of their names. */
export function openApiText(document: object): string {
  return `${JSON.stringify(sorted(JSON.parse(JSON.stringify(document))), null, 2)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
