/** Where a value stands in a document: member names and list indices from the top. */
export type Place = readonly (string | number)[];

/** As people write it: `users[0].user.client-certificate-data`, `data["tls.crt"]`; empty for the top. */
export function placeText(place: Place): string {
  let text = '';
  for (const step of place) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (bareName.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(shortened(step))}]`;
  }
  return text;
}

const bareName = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;
const maxNameLength = 253; // of a key in a ConfigMap or Secret

const shortened = (name: string): string => (name.length > maxNameLength ? `${name.slice(0, maxNameLength)}…` : name);
