import { Page } from '../../parts/page.js';

export const Inspect = () => <Page title="Inspect">{''}</Page>;
