import { render } from 'preact';
import { App } from './app.js';
import { showScheme } from './parts/scheme.js';
import './styles/index.css';

showScheme();
render(<App />, document.body);
