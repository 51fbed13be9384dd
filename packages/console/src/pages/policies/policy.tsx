import { Page } from '../../parts/page.js';

export const PolicyPage = () => <Page title="Policy">{''}</Page>;
