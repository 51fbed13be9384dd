import { Page } from '../../parts/page.js';

export const ClusterPage = () => <Page title="Cluster">{''}</Page>;
