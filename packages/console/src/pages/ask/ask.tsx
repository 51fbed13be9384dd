import { Page } from '../../parts/page.js';

export const Ask = () => <Page title="Ask">{''}</Page>;
