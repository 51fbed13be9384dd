/** Stroked paths on a 16 x 16 grid: an icon costs no request and has the colour of its text. */
const paths = {
  check: 'M3 8.5l3.2 3.2L13 5',
  cross: 'M4 4l8 8M12 4l-8 8',
  wait: 'M8 4.5V8l2.2 1.6M8 14A6 6 0 1 1 8 2a6 6 0 0 1 0 12z',
  warn: 'M8 2.5l6 10.5H2zM8 6.5v3M8 11.3v.2',
  home: 'M2.5 7.5L8 3l5.5 4.5M4 6.5V13h8V6.5M6.8 13V9.5h2.4V13',
  requests: 'M2.5 3.5h11v9h-11zM2.5 9h3l1 1.5h3l1-1.5h3',
  ask: 'M8 3v10M3 8h10',
  identities: 'M2 4h7M5 8h6M8 12h6',
  certificates: 'M3 3h10v7H3zM5.5 5.5h5M6 10v3.5l2-1.2 2 1.2V10',
  policies: 'M8 2l5 2v4c0 3-2.2 5-5 6-2.8-1-5-3-5-6V4zM5.8 8l1.6 1.6L10.4 6.5',
  clusters: 'M8 2l5.2 3v6L8 14l-5.2-3V5zM2.8 5L8 8l5.2-3M8 8v6',
  audit: 'M4 2.5h8v11H4zM6 5.5h4M6 8h4M6 10.5h2.5',
  inspect: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6L14 14',
  directory: 'M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8zM3 13.5c.4-2.6 2.4-4 5-4s4.6 1.4 5 4',
  webhooks: 'M3 8h7M7 5l3 3-3 3M13 3v10',
  tokens: 'M6 10.5a3 3 0 1 1 2.6-4.5H14v2.5h-1.5V10H10V8.5H8.6A3 3 0 0 1 6 10.5z',
  sessions: 'M2 3h12v8H2zM6 13.5h4',
  me: 'M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8zM3 13.5c.4-2.6 2.4-4 5-4s4.6 1.4 5 4',
} as const;
export type IconName = keyof typeof paths;

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
    <path d={paths[name]} />
  </svg>
);
