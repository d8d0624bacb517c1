export { type Demo, runDemo } from './demo.ts';
