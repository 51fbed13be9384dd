import { Page } from '../../parts/page.js';

export const DirectoryUserPage = () => <Page title="DirectoryUser">{''}</Page>;
