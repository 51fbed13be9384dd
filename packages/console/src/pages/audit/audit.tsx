import { Page } from '../../parts/page.js';

export const Audit = () => <Page title="Audit">{''}</Page>;
