/** Where a value stands in a document: member names and list indices from the top. */
export type Place = readonly (string | number)[];

/** The place as text: `users[0].user.client-certificate-data`, `data["tls.crt"]`; empty for the top. */
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

/** A string of JSON, with invisible characters as code points. */
function quoted(name: string): string {
  const shortened = name.length > maxNameLength ? `${name.slice(0, maxNameLength)}…` : name;
  return JSON.stringify(shortened).replaceAll(
    invisible,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Characters that are not seen, without the plain space. */
export const invisible = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|\p{Default_Ignorable_Code_Point}/gu;
