/** Where a value stands in a document: member names and list indices from the top. */
export type Place = readonly (string | number)[];

/** As people write it: `users[0].user.client-certificate-data`, `data["tls.crt"]`; empty for the top. */
export function placeText(place: Place): string {
  let text = '';
  for (const step of place) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (bareName.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${quoted(step)}]`;
  }
  return text;
}

const bareName = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;
const maxNameLength = 253; // of a key in a ConfigMap or Secret

/** As JSON has it, and what does not show by its code point. */
function quoted(name: string): string {
  const shortened = name.length > maxNameLength ? `${name.slice(0, maxNameLength)}…` : name;
  return JSON.stringify(shortened).replaceAll(
    invisible,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

const invisible = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|\p{Default_Ignorable_Code_Point}/gu;
