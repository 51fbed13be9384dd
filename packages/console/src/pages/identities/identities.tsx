import { Page } from '../../parts/page.js';

export const Identities = () => <Page title="Identities">{''}</Page>;
