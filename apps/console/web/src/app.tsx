import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import type { SessionAnswer } from '../../src/schema/session-answers.ts';
import { ask, keyNeeded, session } from './lib/api.ts';
import { focusSearch, useKeys } from './lib/keys.ts';
import { go, href, place, refresh } from './lib/location.ts';
import { Help } from './ui/help.tsx';
import { Shell } from './ui/shell.tsx';
import { SignIn } from './ui/sign-in.tsx';
import { Empty } from './ui/states.tsx';
import { DeadLettersPage } from './views/dead-letters/dead-letters.tsx';
import { LedgerPage } from './views/ledger/ledger.tsx';
import { LogsPage } from './views/logs/logs.tsx';
import { MapPage } from './views/map.tsx';
import { MetricsPage } from './views/metrics/metrics.tsx';
import { PipelinePage } from './views/pipeline/pipeline.tsx';
import { ServicePage } from './views/service.tsx';
import { ServicesPage } from './views/services.tsx';
import { TracePage } from './views/traces/trace.tsx';
import { TracesPage } from './views/traces/traces.tsx';

interface View {
  path: RegExp;
  title: string;
  page: ComponentType<{ id: string }>;
}

const views: readonly View[] = [
  { path: /^\/(?:services)?$/, title: 'Services', page: ServicesPage },
  { path: /^\/services\/(.+)$/, title: 'Service', page: ServicePage },
  { path: /^\/traces$/, title: 'Traces', page: TracesPage },
  { path: /^\/traces?\/([0-9a-fA-F]{32})$/, title: 'Trace', page: TracePage },
  { path: /^\/logs$/, title: 'Logs', page: LogsPage },
  { path: /^\/explore$/, title: 'Metrics', page: MetricsPage },
  { path: /^\/map$/, title: 'Map', page: MapPage },
  { path: /^\/pipeline$/, title: 'Pipeline', page: PipelinePage },
  { path: /^\/ledger$/, title: 'Ledger', page: LedgerPage },
  { path: /^\/dead-letters$/, title: 'Dead letters', page: DeadLettersPage },
];

const goKeys: Readonly<Record<string, string>> = {
  s: '/services',
  t: '/traces',
  l: '/logs',
  m: '/explore',
  o: '/map',
  p: '/pipeline',
  e: '/ledger',
  d: '/dead-letters',
};

export function App() {
  const helpOpen = useSignal(false);
  useGlobalKeys(() => {
    helpOpen.value = !helpOpen.value;
  });
  useEffect(() => {
    ask<SessionAnswer>('/api/session').then(
      (answer) => {
        session.value = answer;
      },
      () => undefined,
    );
  }, []);
  const { view, id } = viewOf(place.value.path);
  useEffect(() => {
    const name = view?.path.test('/services/x') ? id : view?.title;
    document.title = `${name ?? 'Not found'} · Spillway`;
  }, [view, id]);
  if (keyNeeded.value) return <SignIn />;
  const Page = view?.page;
  return (
    <Shell onHelp={() => (helpOpen.value = true)}>
      {Page ? <Page id={id} key={id} /> : <Empty title="There is no such view." />}
      {helpOpen.value && <Help onClose={() => (helpOpen.value = false)} />}
    </Shell>
  );
}

function viewOf(path: string): { view: View | undefined; id: string } {
  for (const view of views) {
    const match = view.path.exec(path);
    if (match) return { view, id: decode(match[1] ?? '') };
  }
  return { view: undefined, id: '' };
}

/** `/` search, `g` and another key to go, `r` refresh, `?` help. */
function useGlobalKeys(toggleHelp: () => void): void {
  const going = useSignal(false);
  useKeys((key) => {
    if (going.value) {
      going.value = false;
      const path = goKeys[key];
      if (path) go(href(path));
      return path !== undefined;
    }
    if (key === 'g') going.value = true;
    else if (key === '/') focusSearch();
    else if (key === 'r') refresh();
    else if (key === '?') toggleHelp();
    else return false;
    return true;
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
