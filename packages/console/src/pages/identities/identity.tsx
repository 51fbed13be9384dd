import { Page } from '../../parts/page.js';

export const IdentityPage = () => <Page title="Identity">{''}</Page>;
