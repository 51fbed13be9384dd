/** Runs before the first paint: the page never shows the colours that its reader did not choose. */
const chosen = localStorage.getItem('kubepass-scheme');
if (chosen !== null) document.documentElement.dataset['scheme'] = chosen;
