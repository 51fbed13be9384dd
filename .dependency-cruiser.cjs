/**
 * The dependency rule of `src/`. A room may import itself and what is listed here, type imports included; whatever
 * is not listed is refused. Folders that do not exist yet are listed already, so that the rule does not grow holes.
 */
const rooms = {
  // Text forms: pure, and of nothing but themselves.
  'formats/json': [],
  'formats/text': [],
  'formats/yaml': ['formats/json'],
  'formats/kubeconfig': ['formats/json', 'formats/yaml', 'formats/text', 'model', 'x509'],
  // The files that make a cluster refuse revoked certificates.
  'formats/enforcement': ['formats/yaml', 'model'],
  // Threads for what may take its time, and turns for what must wait.
  workers: [],
  // Tests of keys that everybody can break.
  'x509/hygiene': ['workers/turns.ts'],
  'x509/strict': ['x509/hygiene'],
  'x509/tree': ['x509/strict'],
  'x509/openssl-text': ['x509/strict', 'x509/tree'],
  'x509/peculiar': ['x509/strict'],
  // The thread for signatures, and the decision about which of them it gets.
  crypto: ['x509/strict', 'workers/worker-file.ts', 'workers/worker-error.ts', 'model/errors.ts'],
  config: ['formats', 'model'],
  // How traces are told to the rest.
  observability: ['model'],
  model: ['x509'],
  // loopback.ts: an identity provider speaks plain HTTP on this machine alone. turns.ts: guesses wait for their turn.
  identity: ['model', 'x509', 'formats/json', 'config/loopback.ts', 'workers/turns.ts'],
  policy: ['model', 'x509', 'formats', 'workers'],
  // Reads what an identity provider sends over SCIM: bodies, filters, PATCH. Pure, and of values alone.
  directory: ['model'],
  audit: ['model', 'x509'],
  cluster: ['model', 'x509', 'formats'],
  // permissions: who may see and retry deliveries.
  webhooks: ['model', 'x509', 'identity/permissions.ts'],
  // permissions, for an inspection shows of the inventory what may be read.
  inspection: ['model', 'x509', 'formats', 'workers', 'identity/permissions.ts', 'identity/spent-budgets.ts'],
  // Inspects files without a service.
  offline: ['inspection', 'model', 'formats', 'config/inspection-defaults.ts'],
  signer: ['model', 'x509', 'cluster'],
  store: ['model', 'audit', 'identity', 'workers', 'inspection/inventory.ts', 'x509/strict/key-algorithm.ts'],
  issuance: [
    'policy',
    'signer/signer.ts',
    'cluster',
    'store',
    'audit',
    'formats',
    'identity',
    'x509',
    'model',
    'workers/turns.ts',
  ],
  // issuance, webhooks and whatever else has a use case: as types alone (see `useCases` below).
  http: ['issuance', 'webhooks', 'model', 'identity', 'inspection', 'directory', 'formats', 'x509', 'workers/turns.ts'],
  // Files with old events of the audit log.
  archives: ['evidence/read-lines.ts'],
  // Checks exports of the audit log without a service.
  evidence: ['audit'],
  // The kubectl plugin: knows the service by HTTP alone, and the words for a key and a reason.
  kubectl: ['offline', 'model/revocation.ts', 'x509/strict/key-algorithm.ts'],
  // Keeps a file on a control-plane node, without a service.
  'revocation-file': [],
  // Constructs the adapters. It imports three parts of HTTP: the services that it fills, what tries a certificate, and the payload of webhooks.
  compose: [
    'archives',
    'audit',
    'cluster',
    'config',
    'crypto',
    'http/services.ts',
    'http/server/tls-settings.ts',
    'http/server/try-handshake.ts',
    'http/webhook-deliveries/event-payload.ts',
    'identity',
    'inspection',
    'issuance',
    'model',
    'observability',
    'policy',
    'signer',
    'store',
    'webhooks',
    'workers/steady-watch.ts',
    'x509',
  ],
};

/** The use cases that HTTP calls. It imports them as types alone. */
const useCases = [
  'issuance',
  'webhooks',
  'inspection/inspection-service.ts',
  'identity/api-tokens.ts',
  'identity/spent-budgets.ts',
  'identity/callers.ts',
  'identity/sessions',
];

/** The files beside the rooms. */
const edges = {
  'app.ts': ['http', 'model/measures.ts', 'model/tracing.ts'],
  // The process edge: nothing but signals, and what serves.
  'server.ts': ['serve.ts'],
  'serve.ts': [
    'compose/compose.ts',
    'app.ts',
    'http/server/create-server.ts',
    'http/server/metrics-listener.ts',
    'config',
    'observability',
  ],
  // The other process edge: recovers from a lock-out while the service is down.
  'admin-token.ts': ['compose/callers/api-tokens.ts', 'config', 'observability'],
  // For a policy repository's own CI: loads policies and runs their tests, without a service.
  'policy-check.ts': ['policy'],
  // For pipelines and hooks: inspects files, without a service.
  'kubepass-inspect.ts': ['offline'],
  // For auditors: checks exports of the audit log, without a service.
  'kubepass-verify.ts': ['evidence'],
  // For people's own machines: the kubectl plugin, and its completion.
  'kubectl-kubepass.ts': ['kubectl'],
  'kubectl-complete-kubepass.ts': ['kubectl'],
  // On control-plane nodes: keeps the file that names revoked certificates.
  'revocation-file.ts': ['revocation-file', 'config/secrets.ts'],
  // Make backups of the database and put it back. No HTTP; `model` for a type.
  'backup.ts': [
    'compose/database/backup.ts',
    'compose/database/files-apart.ts',
    'compose/database/verify-database.ts',
    'config',
  ],
  'restore.ts': [
    'compose/database/restore-database.ts',
    'compose/database/verify-database.ts',
    'config',
    'model/restoration.ts',
  ],
  // Tries an upgrade on a copy of the database.
  'upgrade-drill.ts': ['compose/database/upgrade-drill.ts', 'config'],
  // And the third: migrates as the role that owns the tables, which the service need not be.
  'migrate.ts': ['compose/database/open-store.ts', 'config'],
};

/** Libraries and the only places that may import them. */
const fences = [
  { name: 'fastify', library: '(@fastify/[^/]+|fastify|fastify-plugin)', only: ['app.ts', 'http'] },
  {
    name: 'database',
    library: '(@prisma/[^/]+|prisma|better-sqlite3|@types/better-sqlite3|pg|@types/pg)',
    only: ['store'],
  },
  { name: 'kubernetes-client', library: '(@kubernetes/client-node|undici)', only: ['cluster', 'identity'] },
  { name: 'worker-pool', library: 'piscina', only: ['workers'] },
  // Signatures of tokens, and the login with an identity provider.
  { name: 'oidc', library: '(jose|openid-client|oauth4webapi)', only: ['identity/oidc'] },
  // Traces, loaded only where somebody collects them.
  { name: 'opentelemetry', library: '@opentelemetry/[^/]+', only: ['observability/traces'] },
  { name: 'cookie', library: 'cookie', only: ['http'] },
  { name: 'metrics', library: 'prom-client', only: ['observability/metrics'] },
  { name: 'cel', library: '(@marcbachmann/cel-js|@bufbuild/[^/]+|cel-js)', only: ['policy/cel'] },
  { name: 'x509', library: '(@peculiar/x509|reflect-metadata|tsyringe)', only: ['x509/peculiar'] },
  { name: 'asn1', library: '@peculiar/asn1-[^/]+', only: ['x509', 'inspection'] },
];

const escape = (text) => text.replaceAll('.', '\\.');
/** A pattern for these rooms and files under `src/`. */
const within = (...places) =>
  `^src/(${places.map((place) => (place.endsWith('.ts') ? `${escape(place)}$` : `${place}/`)).join('|')})`;

const generated = '^src/store/generated/';

const allowed = ([place, imports]) => ({
  name: `${place}-imports-only-its-own`,
  comment: `${place} may import ${[...imports].join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: within(place) },
  to: { path: '^src/', pathNot: within(place, ...imports) },
});

const fenced = ({ name, library, only }) => ({
  name: `${name}-fence`,
  comment: `only ${only.join(', ')} may import it`,
  severity: 'error',
  from: { path: '^src/', pathNot: within(...only) },
  to: { path: `(^|(^|/)node_modules/)${library}(/|$)` },
});

const inputOutput =
  '^(node:)?(fs|fs/promises|net|tls|dgram|dns|http|https|http2|child_process|cluster|worker_threads)$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(allowed),
    ...Object.entries(edges).map(allowed),
    ...fences.map(fenced),
    {
      name: 'every-room-is-known',
      comment: 'a new folder or file in src/ takes its place in the dependency rule first',
      severity: 'error',
      from: { path: '^src/', pathNot: within(...Object.keys(rooms), ...Object.keys(edges)) },
      to: {},
    },
    {
      name: 'every-imported-room-is-known',
      comment: 'the same for a file that imports nothing itself',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/', pathNot: within(...Object.keys(rooms), ...Object.keys(edges)) },
    },
    {
      name: 'no-orphans',
      comment: 'a file that nothing imports and that imports nothing is dead or forgotten',
      severity: 'error',
      from: { path: '^src/', orphan: true },
      to: {},
    },
    {
      name: 'no-cycles',
      comment: 'the generated Prisma client has its own, between types',
      severity: 'error',
      from: { pathNot: generated },
      to: { circular: true },
    },
    {
      name: 'only-issuance-mints-approved-requests',
      comment: 'so that a signer cannot be handed anything else',
      severity: 'error',
      from: { path: '^src/', pathNot: within('issuance') },
      to: { path: '^src/model/mint-approved-request\\.ts$' },
    },
    {
      name: 'only-the-process-edge-composes',
      comment:
        'nothing but the process edge imports compose/; nothing at all imports server.ts, and only that serve.ts',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: within(
          'server.ts',
          'serve.ts',
          'admin-token.ts',
          'migrate.ts',
          'backup.ts',
          'restore.ts',
          'upgrade-drill.ts',
          'compose',
        ),
      },
      to: { path: within('compose', 'server.ts', 'serve.ts') },
    },
    {
      name: 'http-knows-use-cases-as-types',
      comment: 'compose/ hands them to the edge, so that a test can hand over others',
      severity: 'error',
      from: { path: within('app.ts', 'http') },
      to: { path: within(...useCases), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-rooms-do-no-io',
      severity: 'error',
      from: {
        path: within('formats', 'x509', 'model', 'audit', 'issuance', 'inspection', 'directory'),
        // Where inspections are handed to threads; what runs in them is as pure as the rest.
        pathNot: within('inspection/workers'),
      },
      to: { path: inputOutput },
    },
    {
      name: 'x509-library-is-loaded-at-its-first-use',
      comment: 'by import(): it would slow down every start, and few starts need it',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: within('x509/peculiar/generate-certificate-authority.ts', 'x509/peculiar/library-reading.ts'),
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'opentelemetry-is-loaded-where-it-is-used',
      comment: 'by import(): most services send no traces, and it would slow down their start',
      severity: 'error',
      from: { path: '^src/', pathNot: within('observability/traces') },
      to: { path: within('observability/traces'), dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'deciding-is-pure',
      comment: 'decide() and all that it uses reach no file and no network',
      severity: 'error',
      from: { path: '^src/policy/decide\\.ts$' },
      to: { path: inputOutput, reachable: true },
    },
    {
      name: 'src-stands-alone',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(bench|test|scripts|dist)/' },
    },
    {
      name: 'production-dependencies-only',
      comment: 'what src/ imports is in `dependencies`; types may come from elsewhere',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
