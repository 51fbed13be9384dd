import { Page } from '../../parts/page.js';

export const Clusters = () => <Page title="Clusters">{''}</Page>;
