export { type Demo, type DemoOptions, runDemo } from './demo.ts';
