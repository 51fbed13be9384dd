import { useLocation } from 'preact-iso/router';
import { useEffect } from 'preact/hooks';
import { may } from '../service/session.js';

/** Where somebody without an address in mind begins. */
export function Home() {
  const { route } = useLocation();
  useEffect(() => {
    const to = may('approve-requests')
      ? '/console/requests'
      : may('read-identities')
        ? '/console/identities'
        : '/console/requests?view=mine';
    route(to, true);
  }, []);
  return null;
}
