export { type Demo, type DemoOptions, startDemo } from './demo.ts';
