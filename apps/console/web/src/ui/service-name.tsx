import { serviceColour } from '../lib/colour.ts';

/** The name with its colour, the same one in every view. */
export function ServiceName({ service }: { service: string }) {
  return (
    <span class="service">
      <span class="dot" style={{ background: serviceColour(service) }} aria-hidden="true" />
      <span class="service-text">{service}</span>
    </span>
  );
}
