import { Page } from '../../parts/page.js';

export const Me = () => <Page title="Me">{''}</Page>;
