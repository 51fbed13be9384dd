import { Page } from '../../parts/page.js';

export const Policies = () => <Page title="Policies">{''}</Page>;
