export { sendCommand } from './command.ts';
