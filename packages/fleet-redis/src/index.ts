export * from './failure-reports.ts';
export type { FleetViewEvent } from './fleet-view.ts';
export * from './quota-leases.ts';
