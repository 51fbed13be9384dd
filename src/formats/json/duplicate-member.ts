/**
 * The first member name that some object of a JSON text gives twice; null where none does. RFC 8259 4: software
 * differs in which of the two counts, so a body that has both is ambiguous. `text` must have been parsed already.
 */
export function duplicateMember(text: string): string | null {
  /** The names seen in each object that is open; null for an array. */
  const open: (Set<string> | null)[] = [];
  let nameComes = false;
  for (let i = 0; i < text.length; i += 1) {
    switch (text[i]) {
      case '{':
        open.push(new Set());
        nameComes = true;
        break;
      case '[':
        open.push(null);
        nameComes = false;
        break;
      case '}':
      case ']':
        open.pop();
        nameComes = false;
        break;
      case ',':
        nameComes = open.at(-1) instanceof Set;
        break;
      case '"': {
        const end = endOfString(text, i);
        const names = open.at(-1);
        if (nameComes && names) {
          const name = JSON.parse(text.slice(i, end + 1)) as string;
          if (names.has(name)) return name;
          names.add(name);
          nameComes = false;
        }
        i = end;
        break;
      }
      default:
        break;
    }
  }
  return null;
}

function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}
