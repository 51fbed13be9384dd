/** Names of principals of kubepass and Kubernetes, and names that people may take for them. */
export const reservedNames = [
  ...['system:admin', 'System:admin', 'SYSTEM:serviceaccount:ci:deployer', 'system:masters', 'system:node:a'],
  ...['admin', 'Admin', 'ADMIN', 'adm1n', 'admln', 'adrnin', 'admin-0123456789abcdef'],
  ...['break-glass', 'Break-Glass', 'break.glass', 'break_glass', 'break--glass', 'break-g1ass'],
  ...['break-glass-0123456789abcdef', 'BREAK_GLASS-0123456789ABCDEF'],
  ...['kubepass-probe', 'Kubepass-Probe', 'kubepass.probe', 'kubepass/probe', 'kubepass-pr0be'],
];

/** Names of people and systems that are nobody's of these. */
export const freeNames = [
  ...['jane', 'admin@corp.example', 'jane-admin', 'admins', 'administrator', 'admin-jane', 'cluster-admin'],
  ...['systems', 'system', 'break-glass-team', 'kubepass', 'kubepass-prober', 'root'],
];
