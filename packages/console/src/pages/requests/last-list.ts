import { signal } from '@preact/signals';

/** The list from which somebody came to a request: its view and filters. */
export const lastList = signal('/console/requests');
