import { render } from 'preact';
import { App } from './app.js';
import { bringAhead } from './frame/shown-page.js';
import './styles/index.css';

bringAhead();
document.body.replaceChildren();
render(<App />, document.body);
