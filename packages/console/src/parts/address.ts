import { useLocation } from 'preact-iso/router';

type Values = Readonly<Record<string, string | number | null | undefined>>;

/** An address of the console with these parameters; empty ones are left out. */
export function addressOf(path: string, values: Values = {}): string {
  const query = new URLSearchParams(
    Object.entries(values).flatMap(([name, value]) =>
      value === null || value === undefined || value === '' ? [] : [[name, String(value)]],
    ),
  ).toString();
  return query === '' ? path : `${path}?${query}`;
}

export const addresses = {
  request: (id: string) => `/console/requests/${encodeURIComponent(id)}`,
  identity: (username: string) => `/console/identities/${encodeURIComponent(username)}`,
  certificate: (fingerprint: string) => `/console/certificates/${encodeURIComponent(fingerprint)}`,
  cluster: (name: string) => `/console/clusters/${encodeURIComponent(name)}`,
  policy: (name: string) => `/console/policies/${encodeURIComponent(name)}`,
  person: (id: string) => `/console/directory/${encodeURIComponent(id)}`,
} as const;

/** The parameters of the address, and how to change some of them: a filter that is typed replaces, a choice pushes. */
export function useAddress() {
  const { route, path, query } = useLocation();
  return {
    query: query as Readonly<Record<string, string | undefined>>,
    change: (values: Values, { replace = false } = {}) => route(addressOf(path, { ...query, ...values }), replace),
    go: route,
  };
}
