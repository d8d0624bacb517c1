import { render } from 'preact';
import { App } from './app.tsx';
import { listenToKeys } from './lib/keys.ts';
import { followLinks } from './lib/location.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/lists.css';
import './styles/trace.css';
import './styles/panels.css';
import './styles/pipeline.css';
import './styles/ledger.css';

followLinks();
listenToKeys();
const root = document.getElementById('app');
if (root) render(<App />, root);
