import { Page } from '../../parts/page.js';

export const Directory = () => <Page title="Directory">{''}</Page>;
