/** Prints an API token of the role directory, made with the admin's at KUBEPASS_TOKEN. */
const { KUBEPASS_URL: url = '', KUBEPASS_TOKEN: admin = '' } = process.env;
const answer = await fetch(`${url}/v1/api-tokens`, {
  method: 'POST',
  headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
  body: JSON.stringify({ name: 'scim-tools', roles: ['directory'] }),
});
if (answer.status !== 201) throw new Error(`no token was made: ${answer.status}`);
console.log(((await answer.json()) as { readonly token: string }).token);
