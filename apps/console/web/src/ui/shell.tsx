import type { ComponentChildren } from 'preact';
import { send, session } from '../lib/api.ts';
import { href, isRelative, place, refresh } from '../lib/location.ts';
import { theme, zone } from '../lib/settings.ts';
import { FreshnessBadge } from './freshness.tsx';
import { RangePicker } from './range-picker.tsx';
import { UnsafeBanner } from './unsafe-banner.tsx';

const tabs = [
  { path: '/services', name: 'Services' },
  { path: '/traces', name: 'Traces' },
  { path: '/logs', name: 'Logs' },
  { path: '/explore', name: 'Metrics' },
  { path: '/map', name: 'Map' },
  { path: '/pipeline', name: 'Pipeline' },
  { path: '/ledger', name: 'Ledger' },
  { path: '/dead-letters', name: 'Dead letters' },
] as const;

export function Shell({ children, onHelp }: { children: ComponentChildren; onHelp: () => void }) {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="topbar">
        <a class="brand" href={href('/services')} aria-label="Spillway">
          <Mark />
          <span>Spillway</span>
        </a>
        <nav class="tabs" aria-label="Views">
          {tabs.map(({ path, name }) => (
            <a href={href(path)} key={path} aria-current={isCurrent(path) ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <div class="tools">
          <FreshnessBadge />
          <RangePicker />
          <button
            type="button"
            class="button icon"
            onClick={refresh}
            disabled={!isRelative.value}
            aria-label="Refresh"
            title="Refresh (r)"
          >
            ↻
          </button>
          <Settings onHelp={onHelp} />
        </div>
      </header>
      <UnsafeBanner />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function Settings({ onHelp }: { onHelp: () => void }) {
  const signOut = async (): Promise<void> => {
    await send('DELETE', '/api/session').catch(() => undefined);
    window.location.reload();
  };
  return (
    <>
      <button
        type="button"
        class="button"
        onClick={() => (zone.value = zone.value === 'utc' ? 'local' : 'utc')}
        aria-label={`Times are ${zone.value === 'utc' ? 'UTC' : 'local'}; switch`}
        title="Switch between UTC and local time"
      >
        {zone.value === 'utc' ? 'UTC' : 'Local'}
      </button>
      <select
        class="button theme"
        aria-label="Colours"
        value={theme.value}
        onChange={(event) => {
          theme.value = event.currentTarget.value as typeof theme.value;
        }}
      >
        <option value="system">Auto</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
      <button
        type="button"
        class="button icon help"
        onClick={onHelp}
        aria-label="Help"
        title="Help (?)"
      >
        ?
      </button>
      {session.value?.keys && (
        <button type="button" class="button" onClick={() => void signOut()}>
          Sign out
        </button>
      )}
    </>
  );
}

function isCurrent(path: string): boolean {
  const here = place.value.path;
  if (path === '/services') return here === '/' || here.startsWith('/services');
  if (path === '/traces') return here.startsWith('/trace');
  return here === path;
}

function Mark() {
  return (
    <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
      <path d="M3 7h6c5 0 4 10 9 10h3M3 12h4c4 0 4 5 8 5" class="mark" />
    </svg>
  );
}
