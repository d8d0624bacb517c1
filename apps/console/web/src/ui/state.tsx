export function State({ ok, children }: { ok: boolean; children: string }) {
  return (
    <span class={ok ? 'state state-ok' : 'state state-bad'}>
      <span aria-hidden="true">{ok ? '●' : '▲'}</span> {children}
    </span>
  );
}
